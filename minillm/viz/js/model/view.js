// A model to type to: the text with what each token reads, every head, and what may come next.

const MOST_BARS = 12;

VIEWS.model = async ({ model, el }) => {
  const header = model.get("header");
  const say = speaker(model.get("strings"));
  const { box, host, signal, end } = stage(el, "model", model.get("lang"));
  const session = createSession(header, asBytes(model.get("buffer")));
  const store = createStore(
    {
      version: 0, // of the text
      writing: false,
      trouble: null, // why a text cannot be read
      at: null, // the token looked at; null: the last
      layer: header.config.layers - 1,
      head: 0,
      temperature: 0.8,
      topK: null,
      topP: 1,
      spoken: null,
      size: 0,
      colours: null,
    },
    signal,
  );
  const { state } = store;
  const context = { header, say, signal, session, store, chance: Math.random };
  const changed = (patch = {}) => store.set({ version: state.version + 1, at: null, ...patch });

  context.type = (written) => {
    const trouble = session.type(written);
    changed({ trouble, writing: false });
    if (!trouble) {
      model.set("text", written);
      model.save_changes();
    }
  };
  const options = () => ({ temperature: state.temperature, topK: state.topK, topP: state.topP });
  context.ranked = (at) => ranked(session.seen[at].logits, options());
  context.position = () => state.at ?? session.ids.length - 1;
  context.writeOne = () => {
    if (session.full || session.ended || state.trouble || !session.ids.length) return false;
    session.add(draw(context.ranked(session.ids.length - 1), context.chance()));
    changed();
    return true;
  };
  context.writeOn = () => {
    const step = () => {
      if (signal.aborted || !state.writing) return;
      if (context.writeOne()) setTimeout(step, 30);
      else store.set({ writing: false, spoken: {} });
    };
    store.set({ writing: true });
    step();
  };

  const parts = [prompt(context), text(context), buttons(context), heads(context), bars(context)];
  const [typed, written, tools, grid, next] = parts;
  const title = header.name || say("title");
  const picture = () => modelPicture(context, title, written.reading(), grid.canvases);
  const bar = make(
    "div",
    { class: "bar" },
    make("strong", {}, title),
    make("span", { class: "soft" }, header.size),
    ...pictureButtons("model", picture, say, signal),
  );
  const halves = make("div", { class: "halves" }, grid.box, next.box);
  box.append(bar, typed.box, written.box, tools.box, halves, written.live);
  store.subscribe((names) => {
    if (names.has("size")) box.classList.toggle("wide", state.size >= 640);
    parts.forEach((part) => part.draw(names));
  });
  session.type(header.prompts[0]);
  keepLook(host, box, store, signal);
  return end;
};

// Where the reader types, and texts to begin with.
function prompt(context) {
  const { header, say, signal, store, type } = context;
  const field = make("textarea", { rows: 2, "aria-label": say("prompt"), spellcheck: "false", ...suppressed });
  field.value = header.prompts[0];
  context.typed = () => field.value;
  const trouble = make("p", { class: "trouble", role: "status" });
  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => type(field.value), 150);
  };
  field.addEventListener("input", soon, { signal });
  signal.addEventListener("abort", () => clearTimeout(waiting));
  const examples = header.prompts.map((example) => {
    const button = make("button", { type: "button", class: "example", ...suppressed }, example);
    const take = () => {
      field.value = example;
      type(example);
    };
    button.addEventListener("click", take, { signal });
    return button;
  });
  const offered = make("div", { class: "examples" }, make("span", { class: "soft" }, say("examples")), ...examples);
  return {
    box: make("div", { class: "prompt" }, field, examples.length > 1 ? offered : null, trouble),
    draw(names) {
      if (!names.has("trouble")) return;
      const found = store.state.trouble;
      trouble.textContent = !found
        ? ""
        : found.unknown
          ? say("unknown", { words: found.unknown.slice(0, 5).join(", ") })
          : say("too_long", { over: found.over, context: header.config.context });
    },
  };
}

function buttons(context) {
  const { say, signal, store, session, header } = context;
  const button = (key, act) => {
    const made = make("button", { type: "button", ...suppressed }, say(key));
    made.addEventListener("click", act, { signal });
    return made;
  };
  const one = button("write_one", () => context.writeOne() && store.set({ spoken: {} }));
  const on = button("write_on", () =>
    store.state.writing ? store.set({ writing: false, spoken: {} }) : context.writeOn(),
  );
  const again = button("again", () => context.type(context.typed()));
  const V = header.config.vocab_size;
  const sliders = [
    slider(context, "temperature", { min: 0, max: 2, step: 0.05 }, (v) => v, (v) => v.toFixed(2)),
    // the slider's end means all of them
    slider(context, "topK", { min: 1, max: 50, step: 1, start: 50 }, (v) => (v >= 50 ? null : v), (v) => v ?? say("all", { count: V })),
    slider(context, "topP", { min: 0.05, max: 1, step: 0.05 }, (v) => v, (v) => v.toFixed(2)),
  ];
  const end = make("span", { class: "soft", role: "status" });
  return {
    box: make("div", { class: "tools" }, one, on, again, ...sliders, end),
    draw() {
      on.textContent = say(store.state.writing ? "stop" : "write_on");
      const over = session.full || session.ended;
      one.disabled = over || Boolean(store.state.trouble);
      on.disabled = one.disabled && !store.state.writing;
      end.textContent = session.ended ? say("ended") : session.full ? say("full", { context: header.config.context }) : "";
    },
  };
}

function slider({ store, say, signal }, name, { start, ...range }, value, shown) {
  const input = make("input", { type: "range", ...range, ...suppressed });
  input.value = start ?? store.state[name];
  const number = make("output", {}, String(shown(store.state[name])));
  const told = () => {
    store.set({ [name]: value(Number(input.value)) });
    number.textContent = shown(store.state[name]);
  };
  input.addEventListener("input", told, { signal });
  return make("label", { class: "slider" }, say(name), input, number);
}
