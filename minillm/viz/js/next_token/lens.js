// The logit lens: what each layer would say in each place, as many places as there is room for.

const CELL = { width: 62, height: 24, left: 26, top: 22 };

function lensGrid({ header, data, store, say, signal }) {
  const { state } = store;
  const { L, T } = data;
  const canvas = make("canvas", { "aria-hidden": "true" });
  const box = panel(say("lens_label"), canvas);
  const hint = make("div", { class: "soft" });
  const cells = new Map();
  let [first, count, width] = [0, 1, CELL.width];

  // The likeliest token of a cell and its share, and the share of any other.
  function cell(l, t) {
    const key = l * T + t;
    if (!cells.has(key)) {
      const row = data.row(l, t);
      const { p } = distribution(row, 1);
      cells.set(key, { id: row.ids[0], p, row });
    }
    return cells.get(key);
  }

  function resize(size) {
    count = clamp(Math.floor((size - CELL.left) / CELL.width), 1, T);
    width = Math.min(110, (size - CELL.left) / count);
  }

  function draw(colours) {
    if (state.token - 1 < first) first = state.token - 1;
    if (state.token > first + count) first = state.token - count;
    first = clamp(first, 0, T - count);
    const map = maps(colours.theme).weights;
    const size = [CELL.left + count * width + 2, CELL.top + L * CELL.height + 2];
    const context = fitCanvas(canvas, ...size);
    context.textBaseline = "middle";
    for (let t = first; t < first + count; t++) {
      const x = CELL.left + (t - first) * width;
      const came = header.text?.[t + 1];
      heading(context, colours, t, x);
      for (let l = 0; l < L; l++) {
        const { id, p, row } = cell(l, t);
        const rank = state.choice === null ? 0 : row.rankOf(state.choice);
        const code = encodeShare(rank < 0 ? 0 : p[rank]);
        const y = CELL.top + l * CELL.height;
        context.fillStyle = map.css[code];
        context.fillRect(x + 1, y + 1, width - 2, CELL.height - 2);
        context.fillStyle = map.inks[code];
        context.font = `12px ${colours.font}`;
        context.fillText(fitText(context, data.label(id), width - 8), x + width / 2, y + 12.5);
        if (id === came) frame(context, map.inks[code], l, t, 1.5, 3.5);
      }
    }
    context.fillStyle = colours.soft;
    context.font = `10px ${colours.font}`;
    for (let l = 0; l < L; l++) context.fillText(l, 12, CELL.top + (l + 0.5) * CELL.height);
    frame(context, colours.accent, state.layer, state.token - 1, 2.5, 0);
    if (state.cell) frame(context, colours.ink, ...state.cell, 1.5, 0.5);
    hint.textContent =
      state.choice === null
        ? say("lens_hint", { last: L - 1 })
        : say("lens_choice", { token: quoted(data.label(state.choice)) });
  }

  function heading(context, colours, t, x) {
    const now = t === state.token - 1;
    context.textAlign = "center";
    context.fillStyle = now ? colours.accent : colours.soft;
    context.font = `${now ? 600 : 400} 12px ${colours.font}`;
    const name = header.read?.[t + 1] ?? "?";
    context.fillText(fitText(context, name, width - 6), x + width / 2, CELL.top / 2);
  }

  // Around a cell, `inset` pixels inside it.
  function frame(context, colour, l, t, line, inset) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    const [x, y] = [CELL.left + (t - first) * width, CELL.top + l * CELL.height];
    context.strokeRect(x + inset, y + inset, width - 2 * inset, CELL.height - 2 * inset);
  }

  const cellAt = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    const t = first + Math.floor((event.clientX - left - CELL.left) / width);
    const l = Math.floor((event.clientY - top - CELL.top) / CELL.height);
    return t >= first && t < first + count && l >= 0 && l < L ? [l, t] : null;
  };
  const hover = (found) => {
    if (String(found) !== String(state.cell)) store.set({ cell: found });
  };
  canvas.addEventListener("pointermove", (event) => hover(cellAt(event)), { signal });
  canvas.addEventListener("pointerleave", () => hover(null), { signal });
  const choose = (found) => {
    if (found) store.set({ layer: found[0], token: found[1] + 1, cell: null, spoken: "cell" });
  };
  canvas.addEventListener("click", (event) => choose(cellAt(event)), { signal });
  const move = (down, along) =>
    choose([clamp(state.layer + down, 0, L - 1), clamp(state.token - 1 + along, 0, T - 1)]);
  onKeys(box, { ...arrows(move), Escape: () => choose([L - 1, state.token - 1]) }, signal);

  function says([l, t]) {
    const { id, p } = cell(l, t);
    const token = quoted(header.read?.[t + 1] ?? "?");
    return say("cell", { layer: l, token, best: quoted(data.label(id)), share: share(p[0]) });
  }
  return { box, hint, resize, draw, says };
}
