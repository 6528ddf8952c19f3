// The formula, one step at a time: a matrix to choose a cell in, and the sum behind the cell.

VIEWS.steps = async ({ model, el }) => {
  const data = model.get("header");
  const say = speaker(model.get("strings"));
  const { box, host, signal, end } = stage(el, "steps", model.get("lang"));
  const start = { row: model.get("token") ?? 0, column: model.get("key") ?? 0 };
  const store = createStore(
    { stage: "weights", hover: null, pin: start, spoken: null, size: 0, colours: null },
    signal,
  );
  const { state } = store;
  const [T, S] = [data.readers.length, data.read.length];
  const canvas = make("canvas", { "aria-hidden": "true" });
  const grid = panel(say("grid_label"), canvas);
  const tabs = make("div", { class: "tabs", role: "group", "aria-label": say("stage") });
  for (const name of STAGES) tabs.append(stageButton(store, name, say, signal));
  const formula = make("div", { class: "formula" }, "softmax( q kᵀ ÷ √D + mask ) v");
  const title = make("div", { class: "bar" }, make("strong", {}, say("title")), formula);
  const left = make(
    "div",
    { class: "left" },
    tabs,
    grid,
    make("p", { class: "soft" }, say("hint")),
  );
  const right = make("div", { class: "cards" });
  const live = make("div", { class: "unseen", "aria-live": "polite" });
  box.append(title, make("div", { class: "halves" }, left, right), live);
  let g = null;

  store.subscribe((changed) => {
    if (!state.size) return;
    if (changed.has("size")) {
      const numbers = Math.max(data.q[0].length, data.v[0].length);
      const wide = state.size >= Math.min(820, 270 + 40 * S + 30 * numbers);
      box.classList.toggle("wide", wide);
      g = gridLayout(wide ? state.size * 0.44 : state.size - 34, data);
    }
    const focus = focusOf(state);
    drawGrid(canvas, g, data, state.stage, focus, state.colours);
    right.replaceChildren(...sums(data, focus, say, maps(state.colours.theme)));
    right.children[STAGES.indexOf(state.stage)].classList.add("now");
    if (changed.has("spoken")) {
      const [reader, read] = [data.readers[focus.row], data.read[focus.column]];
      const share = percent(data.weights[focus.row][focus.column]);
      live.textContent = say("cell", { reader, read, share });
    }
    if (changed.has("pin")) {
      model.set("token", state.pin.row);
      model.set("key", state.pin.column);
      model.save_changes();
    }
  });

  const cellAt = (event) => {
    const { left: x0, top: y0 } = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - x0 - g.left) / g.cell);
    const row = Math.floor((event.clientY - y0 - g.top) / g.cell);
    return row >= 0 && row < T && column >= 0 && column < S ? { row, column } : null;
  };
  const hover = (found) => {
    const last = state.hover;
    if (last?.row !== found?.row || last?.column !== found?.column) store.set({ hover: found });
  };
  const pin = (found) => store.set({ pin: found ?? state.pin, hover: null, spoken: {} });
  canvas.addEventListener("pointermove", (event) => hover(cellAt(event)), { signal });
  canvas.addEventListener("pointerleave", () => hover(null), { signal });
  canvas.addEventListener("click", (event) => pin(cellAt(event)), { signal });
  grid.addEventListener("blur", () => hover(null), { signal });
  const move = (down, along) => {
    const { row, column } = focusOf(state);
    const found = { row: clamp(row + down, 0, T - 1), column: clamp(column + along, 0, S - 1) };
    store.set({ hover: found, spoken: {} });
  };
  onKeys(
    grid,
    { ...arrows(move), Enter: () => pin(focusOf(state)), Escape: () => hover(null) },
    signal,
  );
  const told = () => {
    const found = { row: model.get("token"), column: model.get("key") };
    if (found.row !== state.pin.row || found.column !== state.pin.column) pin(found);
  };
  for (const event of ["change:token", "change:key"]) {
    model.on(event, told);
    signal.addEventListener("abort", () => model.off(event, told));
  }
  keepLook(host, box, store, signal);
  return end;
};

function stageButton(store, name, say, signal) {
  const button = make("button", { type: "button", ...suppressed }, say(`stage_${name}`));
  const show = () => button.setAttribute("aria-pressed", String(store.state.stage === name));
  button.addEventListener("click", () => store.set({ stage: name }), { signal });
  store.subscribe((changed) => changed.has("stage") && show());
  show();
  return button;
}
