// A view's home. In a live widget anywidget calls render({model, el}); on a page we do, with a plain
// model that keeps what it is told and has nobody to send it to.

const VIEWS = {}; // kind: render, filled in by each view

function plainModel(values) {
  const listeners = {};
  return {
    get: (name) => values[name],
    set(name, value) {
      values[name] = value;
      (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
    },
    on: (event, listener) => (listeners[event] ??= []).push(listener),
    off(event, listener) {
      listeners[event] = (listeners[event] ?? []).filter((other) => other !== listener);
    },
    save_changes() {},
    send: null, // no kernel to ask
  };
}

// Shows the view in place of its still picture, which stays if anything goes wrong.
async function mount(root) {
  if (!root || root.dataset.mounted) return;
  root.dataset.mounted = "yes";
  const poster = root.querySelector("img");
  const data = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  const place = make("div");
  root.append(place);
  try {
    const { kind, header, strings, lang, selection } = data;
    const buffer = fromBase64(data.buffer);
    const model = plainModel({ header, strings, lang, buffer, ...selection });
    await VIEWS[kind]({ model, el: place });
    poster.hidden = true;
    poster.style.display = "none";
  } catch (error) {
    place.remove();
    const reason = speaker(data.strings)("failed", { reason: error.message });
    root.append(make("p", { role: "alert" }, reason));
  }
}

// The script stands inside its view; hosts that run it from elsewhere get the first one waiting.
const mountHere = (script) =>
  mount(
    script?.closest(".minillm-view") ?? document.querySelector(".minillm-view:not([data-mounted])"),
  );

// In the book displays wait in a queue for the shared script, before or after it has come.
function mountQueue() {
  const waiting = window.minillmViews ?? [];
  window.minillmViews = { push: mount };
  waiting.forEach(mount);
}

// The shadow root in which a view lives, themed, and all that ends with it.
function stage(el, kind, lang) {
  const host = make("div", { class: "minillm-host", "data-lm-suppress-shortcuts": "true" });
  el.append(host);
  const shadow = host.attachShadow({ mode: "open" });
  // said in full, because Chinese characters and commas are drawn differently elsewhere
  const box = make("div", { class: "view", lang: lang === "zh" ? "zh-Hans" : lang });
  shadow.append(make("style", {}, STYLES.core + STYLES[kind]), box);
  const ending = new AbortController();
  ending.signal.addEventListener("abort", () => host.remove());
  return { host, box, signal: ending.signal, end: () => ending.abort() };
}
