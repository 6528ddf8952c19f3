// The tokens view put together.

VIEWS.tokens = async ({ model, el }) => {
  const header = model.get("header");
  const say = speaker(model.get("strings"));
  const text = readText(header, asBytes(model.get("buffer")));
  const panels = header.panels.map((panel) => readPanel(panel, text));
  const { box, host, signal, end } = stage(el, "tokens", model.get("lang"));
  const steps = panels.map((panel) => stepOf(model, panel));
  const looked = { ids: false, hover: null, pin: null, spoken: null };
  const store = createStore({ steps, moved: false, ...looked, size: 0, colours: null }, signal);
  const { state } = store;
  const context = { model, panels, text, store, say, signal };
  const title = make("strong", {}, say("title"));
  const size = say("size", { characters: header.glyphs.length, bytes: text.bytes.length });
  const ids = idsButton(context);
  const picture = () => tokensPicture(context);
  const buttons = pictureButtons("tokens", picture, say, signal);
  const bar = make("div", { class: "bar" }, title, make("span", {}, size), ids, ...buttons);
  const parts = panels.map((panel, at) => buildPanel(context, panel, at));
  const body = make("div", { class: "panels" }, ...parts.map((part) => part.box));
  const line = make("div", { class: "line" });
  const made = make("ol", { class: "origin" });
  const live = make("div", { class: "unseen", "aria-live": "polite" });
  const table = tokenTable(context);
  const scale = make("div", { class: "scale" }, say("scale"), ...scaleChips());
  box.append(bar, body, scale, line, made, table.details, live);

  store.subscribe((changed) => {
    if (!state.size) return;
    if (changed.has("size")) {
      body.classList.toggle("wide", state.size >= 760 && panels.length > 1);
    }
    parts.forEach((part) => part.draw(changed));
    if (changed.has("steps")) table.fill();
    if (changed.has("colours")) paintScale(scale, state.colours);
    const focus = state.hover ?? state.pin;
    const found = describe(context, focus);
    line.textContent = found.line;
    line.classList.toggle("pinned", Boolean(state.pin && !state.hover));
    made.replaceChildren(...found.made.map((words) => make("li", {}, words)));
    made.hidden = !found.made.length;
    if (changed.has("spoken") && state.spoken) {
      const [what, at] = state.spoken;
      live.textContent = what === "step" ? parts[at].sentence() : found.line;
    }
  });
  keepLook(host, box, store, signal);
  followTokens(context, parts);
  return end;
};

const stepOf = (model, { name, merges }) =>
  clamp(model.get("steps")?.[name] ?? merges.length, 0, merges.length);

function buildPanel(context, panel, at) {
  const { text, store, say } = context;
  const { state } = store;
  const chips = chipList({ ...context, panel, at });
  const steps = panel.merges.length ? stepper({ ...context, panel, at }) : null;
  const counts = make("div", { class: "soft" });
  const bar = make("div", { class: "meter" }, make("i"));
  const heading = make(
    "div",
    { class: "heading" },
    make("strong", { dir: "auto" }, panel.name),
    counts,
  );
  const box = make("section", {}, heading, bar, ...(steps ? [steps.box] : []), chips.list);
  let shown = null;
  function draw(changed) {
    if (shown !== state.steps[at]) {
      shown = state.steps[at];
      chips.fill();
      steps?.show();
      const tokens = chips.tokens();
      counts.textContent = countWords(panel, tokens, text, say);
      bar.firstChild.style.width = `${((100 * tokens.length) / text.bytes.length).toFixed(2)}%`;
    } else if (changed.has("colours") || changed.has("ids")) chips.paint();
    if (["steps", "hover", "pin"].some((name) => changed.has(name))) chips.mark();
  }
  return { box, draw, chips, sentence: () => `${steps.sentence()} ${counts.textContent}` };
}

function idsButton({ store, say, signal }) {
  const attributes = { type: "button", class: "toggle", title: say("ids_title"), ...suppressed };
  const button = make("button", { ...attributes, "aria-pressed": "false" }, say("ids"));
  button.addEventListener(
    "click",
    () => {
      store.set({ ids: !store.state.ids });
      button.setAttribute("aria-pressed", String(store.state.ids));
    },
    { signal },
  );
  return button;
}

const SIZES = [1, 2, 4, 8, 16];
const scaleChips = () => SIZES.map((size) => make("i", {}, String(size)));
function paintScale(scale, colours) {
  const map = maps(colours.theme).weights;
  [...scale.children].forEach((chip, i) => {
    const shade = shadeOf(SIZES[i]);
    chip.style.cssText = `background:${map.css[shade]};color:${map.inks[shade]}`;
  });
}

// The selection both ways: steps by name, the pinned token by its number.
function followTokens({ model, panels, store, signal }, parts) {
  const { state } = store;
  let [waiting, telling] = [0, false];
  signal.addEventListener("abort", () => clearTimeout(waiting));
  const pinned = () => {
    if (!state.pin) return null;
    const found = parts[state.pin.panel].chips
      .tokens()
      .findIndex(([from]) => from === state.pin.from);
    return found < 0 ? null : found;
  };
  store.subscribe((changed) => {
    if (!changed.has("pin") && !changed.has("steps")) return;
    telling = true;
    model.set("steps", Object.fromEntries(panels.map((panel, i) => [panel.name, state.steps[i]])));
    model.set("token", pinned());
    if (state.pin) model.set("tokenizer", panels[state.pin.panel].name);
    telling = false;
    clearTimeout(waiting); // a slider moves sixty times a second; a kernel need not hear of each
    waiting = setTimeout(() => model.save_changes(), 120);
  });
  const told = () => {
    if (telling) return;
    const steps = panels.map((panel) => stepOf(model, panel));
    if (String(steps) !== String(state.steps)) {
      store.set({ steps });
      store.flush();
    }
    const at = Math.max(
      0,
      panels.findIndex((panel) => panel.name === model.get("tokenizer")),
    );
    const index = model.get("token");
    if (index === null && state.pin) store.set({ pin: null });
    const known = state.pin?.panel === at && pinned() === index;
    const { chips } = parts[at];
    if (index !== null && !known && index < chips.tokens().length)
      store.set({ pin: chips.place(index) });
  };
  for (const name of ["steps", "token", "tokenizer"]) {
    model.on(`change:${name}`, told);
    signal.addEventListener("abort", () => model.off(`change:${name}`, told));
  }
  told(); // Python may have pinned before the page was there
}
