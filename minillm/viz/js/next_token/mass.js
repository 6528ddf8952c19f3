// All the probability there is as one strip, from the likeliest token on; the cuts are marks on it.

function massStrip({ data, store, say, signal }) {
  const { state } = store;
  const canvas = make("canvas", { "aria-hidden": "true" });
  const box = panel(say("mass"), canvas);
  const [top, height, margin] = [17, 26, 1];
  let edges = []; // where the segments end, 0 to 1
  let width = 100;

  function draw({ row, dist, cut }, colours) {
    const context = fitCanvas(canvas, width, top + height + 16);
    const wide = width - 2 * margin;
    const map = maps(colours.theme).weights.css;
    const inks = maps(colours.theme).weights.inks;
    context.textBaseline = "middle";
    context.textAlign = "center";
    edges = [];
    let from = 0;
    for (let rank = 0; rank < data.K; rank++) {
      const size = dist.p[rank];
      const [x, w] = [margin + from * wide, size * wide];
      from += size;
      edges.push(from);
      if (w < 0.4 && rank > 0) break;
      const kept = rank < cut.kept || cut.beyond;
      const tone = rank % 2 ? 132 : 158;
      context.fillStyle = kept ? map[tone] : rank % 2 ? colours.line : colours.wash;
      context.fillRect(x, top, Math.max(0.3, w - (w > 4 ? 1 : 0)), height);
      if (row.ids[rank] === state.choice || rank === state.rank) {
        context.fillStyle = colours.accent;
        context.fillRect(x, top + height - 4, Math.max(1, w - 1), 4);
      }
      if (w < 14) continue;
      context.fillStyle = kept ? inks[tone] : colours.soft;
      context.font = `12px ${colours.font}`;
      const text = fitText(context, data.label(row.ids[rank]), w - 6);
      if (text.length > 2 || !text.endsWith("…"))
        context.fillText(text, x + w / 2, top + height / 2);
    }
    const rest = margin + edges.at(-1) * wide; // too thin to be told apart
    context.fillStyle = cut.kept > edges.length || cut.beyond ? map[120] : colours.wash;
    context.fillRect(rest, top, Math.max(0, margin + wide - rest), height);
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    context.strokeRect(margin - 0.5, top - 0.5, wide + 1, height + 1);
    drawEnds(context, cut, wide, colours);
  }

  function drawEnds(context, cut, wide, colours) {
    context.font = `600 11px ${colours.font}`;
    context.fillStyle = colours.accent;
    const end = margin + cut.mass * wide;
    const names = cut.ends.map(({ name }) =>
      say({ k: "top_k", p: "top_p", t: "temperature" }[name]),
    );
    if (names.length) {
      context.fillRect(end - 1, top - 5, 2, height + 10);
      context.textAlign = end > wide / 2 ? "right" : "left";
      const text = `${names.at(-1)}: ${share(cut.mass)}`;
      context.fillText(text, end + (end > wide / 2 ? -5 : 5), 8);
    }
    const first = margin + cut.massK * wide;
    if (names.length > 1) {
      context.fillRect(first - 0.5, top - 3, 1, height + 6);
    }
    context.font = `10px ${colours.font}`;
    context.fillStyle = colours.soft;
    ["left", "center", "right"].forEach((align, i) => {
      context.textAlign = align;
      context.fillText(`${50 * i}%`, margin + (i / 2) * wide, top + height + 9);
    });
  }

  const rankAt = (event) => {
    const { left } = canvas.getBoundingClientRect();
    const at = (event.clientX - left - margin) / (width - 2 * margin);
    const rank = edges.findIndex((edge) => at < edge);
    return rank < 0 ? null : rank;
  };
  canvas.addEventListener("pointermove", (event) => store.set({ rank: rankAt(event) }), { signal });
  canvas.addEventListener("pointerleave", () => store.set({ rank: null }), { signal });
  const pin = (rank) => {
    if (rank === null) return;
    store.set({ choice: data.row(state.layer, state.token - 1).ids[rank], spoken: "token" });
  };
  canvas.addEventListener("click", (event) => pin(rankAt(event)), { signal });
  box.addEventListener("blur", () => store.set({ rank: null }), { signal });
  const move = (by) =>
    store.set({ rank: clamp((state.rank ?? -by) + by, 0, data.K - 1), spoken: "token" });
  onKeys(
    box,
    {
      ArrowLeft: () => move(-1),
      ArrowRight: () => move(1),
      Enter: () => pin(state.rank),
      Escape: () => store.set({ choice: null, rank: null }),
    },
    signal,
  );
  return { box, resize: (size) => (width = size), draw };
}
