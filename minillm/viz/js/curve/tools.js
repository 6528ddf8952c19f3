// Menus, toggles and sliders: the browser's own, so that keyboard and screen reader work already.

function button(text, title, act, signal) {
  const made = make("button", { type: "button", title, ...suppressed }, text);
  made.addEventListener("click", act, { signal });
  return made;
}

// The axis, smoothing, logarithms and zoom.
function toolbar(context) {
  const { say, signal, store, runsOf } = context;
  const { state } = store;
  const axis = make("select", suppressed);
  axis.addEventListener("change", () => store.set({ axis: axis.value, zoom: null, hover: null }), {
    signal,
  });
  const axisField = field(say("axis"), axis);

  const slider = make("input", { type: "range", min: 0, step: 1, ...suppressed });
  const shown = make("output", { class: "value" });
  slider.addEventListener("input", () => store.set({ smooth: Number(slider.value), chose: true }), {
    signal,
  });
  const smoothing = field(say("smoothing"), slider, shown);

  const logs = ["logX", "logY"].map((name) => {
    const key = name === "logX" ? "log_x" : "log_y";
    const toggle = () =>
      store.set({ [name]: !state[name], ...(name === "logX" && { zoom: null }) });
    const made = button(say(key), say(`${key}_title`), toggle, signal);
    made.classList.add("toggle");
    return { name, made };
  });
  const zooms = [
    ["−", "zoom_out", 2],
    ["+", "zoom_in", 0.5],
  ].map(([sign, key, factor]) => {
    const made = button(sign, say(key), () => zoomBy(context, factor), signal);
    made.setAttribute("aria-label", say(key));
    return made;
  });
  const all = button(say("whole"), null, () => zoomTo(context, null), signal);
  const zoom = make("span", { class: "zoom" }, ...zooms, all);
  const box = make(
    "div",
    { class: "tools" },
    axisField,
    smoothing,
    ...logs.map(({ made }) => made),
    zoom,
  );

  function update() {
    const runs = runsOf();
    const axes = ["step", "tokens", "seconds"].filter((name) =>
      runs.some((run) => run.columns[name]),
    );
    if (axis.children.length !== axes.length) {
      axis.replaceChildren(...axes.map((name) => make("option", { value: name }, say(name))));
    }
    axis.value = state.axis;
    axisField.hidden = axes.length < 2;
    const { found } = memoriesOf(runs);
    slider.max = found.length - 1;
    slider.value = state.smooth;
    const memory = found[state.smooth] ?? 0;
    shown.textContent = memory
      ? say("smoothing_steps", { steps: whole(memory) })
      : say("smoothing_none");
    slider.setAttribute("aria-valuetext", shown.textContent);
    logs.forEach(({ name, made }) => made.setAttribute("aria-pressed", String(state[name])));
    all.disabled = !state.zoom;
  }
  return { box, update };
}

const field = (label, ...parts) =>
  make("label", { class: "field" }, make("span", {}, label), ...parts);

// A piece of a run's line, or its marker alone, as a key to the plots.
function swatch({ colour, dash, shape }, width, marked, paper) {
  const pen = svgPen();
  if (width > 12) pen.line([1, 6, width - 1, 6], { colour, width: 2.2, dash });
  if (marked) pen.mark(shape, width / 2, 6, 4.2, { colour, edge: paper });
  const node = make("span", { class: "swatch", "aria-hidden": "true" });
  // numbers and colours of ours alone: no text from outside goes through here
  node.innerHTML = `<svg width="${width}" height="12">${pen.parts.join("")}</svg>`;
  return node;
}

// The runs: each a key to its line, what it says at the cursor, and a switch.
function chips({ say, signal, store, runsOf }) {
  const { state } = store;
  const box = make("div", { class: "chips", role: "group", "aria-label": say("runs") });
  let values = [];

  function build() {
    const runs = runsOf();
    const several = runs.length > 1;
    values = runs.map(() => make("span", { class: "values" }));
    box.replaceChildren(
      ...runs.map((run, i) => {
        const look = lookOf(run.index, state.colours.theme);
        const name = make("span", { class: "name", dir: "auto" }, run.name || say("loss"));
        const parts = [
          swatch(look, 30, run.columns.val_loss, state.colours.paper),
          name,
          values[i],
        ];
        if (!several) return make("div", { class: "chip" }, ...parts);
        const shown = !state.hidden.includes(run.index);
        const made = make(
          "button",
          { type: "button", class: "chip", "aria-pressed": String(shown), ...suppressed },
          ...parts,
        );
        const others = state.hidden.filter((index) => index !== run.index);
        made.addEventListener(
          "click",
          () => {
            store.set({ hidden: shown ? [...others, run.index] : others });
            box.children[i].focus();
          },
          { signal },
        );
        return made;
      }),
    );
  }

  const show = (cursor) =>
    runsOf().forEach((run, i) => values[i]?.replaceChildren(...lossesAt(run, cursor, say)));
  return { box, build, show };
}
