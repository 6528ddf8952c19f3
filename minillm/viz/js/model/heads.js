// Every head as a small picture of the whole text so far; click one to see what it reads.

function heads({ say, signal, session, store, header }) {
  const { layers, heads: H } = header.config;
  const { state } = store;
  const grid = make("div", { class: "heads", role: "group", "aria-label": say("heads_label") });
  grid.style.gridTemplateColumns = `repeat(${H}, minmax(0, 1fr))`;
  const pictures = [];
  for (let layer = 0; layer < layers; layer++) {
    for (let head = 0; head < H; head++) {
      const canvas = make("canvas", { "aria-hidden": "true" });
      const label = say("head", { layer, head });
      const button = make("button", { type: "button", title: label, "aria-label": label, ...suppressed }, canvas);
      button.addEventListener("click", () => store.set({ layer, head, spoken: {} }), { signal });
      grid.append(button);
      pictures.push({ canvas, button, layer, head });
    }
  }
  function paint({ canvas, layer, head }, colours) {
    const T = session.ids.length;
    const codes = new Uint8Array(T * T);
    session.seen.forEach(({ shares }, t) => {
      const row = shares[layer * H + head];
      for (let s = 0; s <= t; s++) codes[t * T + s] = encodeShare(row[s]);
    });
    const size = canvas.parentElement.clientWidth - 8;
    if (size < 8 || !T) return;
    const side = Math.min(T, Math.round(size));
    const small = poolCodes(codes, T, T, side, side);
    const into = fitCanvas(canvas, size, size);
    into.imageSmoothingEnabled = false;
    into.drawImage(cellImage(small, side, side, maps(colours.theme).weights.pixels), 0, 0, size, size);
  }
  return {
    box: make("div", { class: "left" }, make("h4", {}, say("heads")), grid, make("p", { class: "soft" }, say("heads_hint"))),
    canvases: pictures.map(({ canvas }) => canvas),
    draw(names) {
      if (!state.colours) return;
      for (const picture of pictures) {
        const chosen = picture.layer === state.layer && picture.head === state.head;
        picture.button.setAttribute("aria-pressed", String(chosen));
        if (["version", "size", "colours"].some((name) => names.has(name))) paint(picture, state.colours);
      }
    },
  };
}
