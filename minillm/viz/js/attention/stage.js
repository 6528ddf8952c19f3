// The chosen head in full: matrix and lines on three sheets of canvas. The lowest holds matrix and
// labels, the next the lines at rest, and only the top one is drawn again as the pointer moves.

function stagePanel({ data, store, say, signal }) {
  const { state } = store;
  const sheets = ["base", "lines", "top"].map((name) =>
    make("canvas", { class: name, "aria-hidden": "true" }),
  );
  const [base, rest, top] = sheets;
  const box = panel(say("stage_label"), ...sheets);
  box.classList.add("stage");
  let g = null;
  let width = 400;

  const widths = new Map(); // of labels: measuring is slow, and they stay
  const measure = (font) => {
    const context = base.getContext("2d");
    context.font = `11px ${font}`;
    return (text) => {
      if (!widths.has(text)) widths.set(text, context.measureText(text).width + 2);
      return widths.get(text);
    };
  };

  function drawBase(shown, colours) {
    const map = maps(colours.theme)[shown.signed ? "signed" : "weights"];
    const context = fitCanvas(base, g.width, g.height);
    const ratio = window.devicePixelRatio || 1;
    const { rows, columns } = shown;
    const outRows = Math.min(rows, Math.round(g.matrixHeight * ratio));
    const outColumns = Math.min(columns, Math.round(g.matrixWidth * ratio));
    const small = outRows < rows || outColumns < columns;
    const codes = small ? poolCodes(shown.codes, rows, columns, outRows, outColumns) : shown.codes;
    context.imageSmoothingEnabled = false;
    const image = cellImage(codes, outRows, outColumns, map.pixels);
    context.drawImage(image, 0, g.rowTop, g.matrixWidth, g.matrixHeight);
    base.dataset.matrix = JSON.stringify([0, g.rowTop, g.matrixWidth, g.matrixHeight]);
    if (shown.signed && g.cell >= 9) markNegative(context, shown);
    if (shown.causal) drawFuture(context);
    if (g.cell >= 10) drawGaps(context, colours);
    drawLabels(context, shown, colours);
  }

  // What lies ahead cannot be read: no cells there, rather than cells of nothing.
  function drawFuture(context) {
    for (let t = 0; t < g.rows; t++) {
      const x = (t + 1) * g.cell;
      context.clearRect(x, g.rowTop + t * g.cell, g.matrixWidth - x + 1, g.cell);
    }
  }

  // Hairlines between large cells.
  function drawGaps(context, colours) {
    context.fillStyle = colours.paper;
    for (let t = 1; t < g.rows; t++)
      context.fillRect(0, g.rowTop + t * g.cell - 0.5, g.matrixWidth, 1);
    for (let s = 1; s < g.columns; s++)
      context.fillRect(s * g.cell - 0.5, g.rowTop, 1, g.matrixHeight);
  }

  // A minus sign, because two hues of one lightness are one grey in print.
  function markNegative(context, shown) {
    context.fillStyle = "#ffffffcc";
    shown.p.forEach((value, i) => {
      if (value > -0.02) return;
      const [t, s] = [Math.floor(i / g.columns), i % g.columns];
      context.fillRect(g.columnX(s) - 2.5, g.rowY(t) - 0.5, 5, 1.5);
    });
  }

  function drawLabels(context, shown, colours) {
    context.font = `11px ${colours.font}`;
    context.fillStyle = colours.soft;
    context.textBaseline = "middle";
    for (let t = 0; t < g.rows; t += g.every) rowLabel(context, shown, t);
    for (let s = 0; s < g.columns; s += g.everySlanted) columnLabel(context, shown, s);
    for (let s = 0; g.lined && s < g.columns; s += g.every) keyLabel(context, shown, s);
    context.font = `10.5px ${colours.font}`;
    context.textAlign = "right";
    const y = g.height - 8;
    context.fillText(fitText(context, say("reader"), g.readerWidth + GAP), g.readerRight, y);
    context.textAlign = "left";
    if (!g.lined) return;
    context.fillText(fitText(context, say("is_read"), g.readWidth + GAP), g.readLeft, y);
  }

  const rowLabel = (context, shown, t) => {
    context.textAlign = "right";
    context.fillText(fitText(context, shown.readers[t], g.readerWidth), g.readerRight, g.rowY(t));
  };
  const keyLabel = (context, shown, s) => {
    context.textAlign = "left";
    context.fillText(fitText(context, shown.read[s], g.readWidth), g.readLeft, g.keyY(s));
  };
  const columnLabel = (context, shown, s) => {
    context.save();
    context.translate(g.columnX(s) + 3, g.rowTop - 6);
    context.rotate(-Math.PI / 4);
    context.textAlign = "left";
    context.fillText(fitText(context, shown.read[s], g.readWidth), 0, 0);
    context.restore();
  };

  function drawRest(shown, colours, each) {
    const context = fitCanvas(rest, g.width, g.height);
    const map = maps(colours.theme)[shown.signed ? "signed" : "weights"];
    const floor = restFloor(shown, state.threshold);
    if (each)
      each.forEach((one, i) => drawLines(context, g, one, map, { floor, colour: HEAD_COLOURS[i] }));
    else drawLines(context, g, shown, map, { floor });
  }

  // The focused token: its band through matrix and label, its lines, and what it reads marked.
  function drawTop(shown, colours, focus, each) {
    const context = fitCanvas(top, g.width, g.height);
    rest.style.opacity = focus ? 0.1 : 1;
    if (!focus || focus.row >= g.rows || focus.column >= g.columns) return;
    const map = maps(colours.theme)[shown.signed ? "signed" : "weights"];
    const wanted = { row: focus.row, column: focus.column };
    const floor = Math.max(state.threshold, 0.002);
    if (each) {
      each.forEach((one, i) =>
        drawLines(context, g, one, map, { floor, wanted, colour: HEAD_COLOURS[i], thick: 1.5 }),
      );
    } else drawLines(context, g, shown, map, { floor, wanted, thick: 1.5 });
    context.strokeStyle = colours.accent;
    context.lineWidth = 1.5;
    context.font = `600 11px ${colours.font}`;
    context.textBaseline = "middle";
    const high = Math.max(g.cell, 3);
    if (focus.row !== null) {
      const wide = shown.causal ? (focus.row + 1) * g.cell : g.matrixWidth;
      context.strokeRect(-2, g.rowY(focus.row) - high / 2, wide + 3, high);
      const left = g.linesLeft - GAP - g.readerWidth;
      makeRoom(context, colours, left, g.rowY(focus.row), g.readerWidth + GAP - 1);
      chip(context, colours, left, g.rowY(focus.row), g.readerWidth + GAP + 2);
      rowLabel(context, shown, focus.row);
    }
    if (focus.column !== null) {
      context.globalAlpha = focus.row === null ? 1 : 0.55;
      const above = shown.causal ? focus.column * g.cell : 0; // readers that come too early
      const tall = g.matrixHeight - above + 2;
      context.strokeRect(g.columnX(focus.column) - high / 2, g.rowTop + above - 1, high, tall);
      context.globalAlpha = 1;
      if (g.lined) {
        const left = g.linesRight + 1;
        makeRoom(context, colours, left + 2, g.keyY(focus.column), g.readWidth + GAP);
        chip(context, colours, left, g.keyY(focus.column), g.readWidth + GAP);
        keyLabel(context, shown, focus.column);
      }
      chipSlanted(context, colours, shown, focus.column);
    }
    if (focus.row !== null && focus.column !== null) {
      context.strokeStyle = colours.ink;
      context.lineWidth = 2;
      const [x, y] = [g.columnX(focus.column) - high / 2, g.rowY(focus.row) - high / 2];
      context.strokeRect(x, y, high, high);
    }
  }

  // Labels that stand close make room for the one in focus, whole.
  function makeRoom(context, colours, x, y, wide) {
    if (g.cell * g.every > 17) return;
    context.fillStyle = colours.paper;
    context.fillRect(x, y - 15, wide, 30);
  }

  function chip(context, colours, x, y, wide) {
    context.fillStyle = colours.accentWash;
    context.beginPath();
    context.roundRect(x, y - 9, wide, 18, 4);
    context.fill();
    context.fillStyle = colours.accent;
  }

  function chipSlanted(context, colours, shown, s) {
    context.save();
    context.translate(g.columnX(s) + 3, g.rowTop - 6);
    context.rotate(-Math.PI / 4);
    chip(
      context,
      colours,
      -3,
      0,
      Math.min(g.readWidth, context.measureText(shown.read[s]).width) + 8,
    );
    context.restore();
    columnLabel(context, shown, s);
  }

  function at(event) {
    const { left, top: above } = base.getBoundingClientRect();
    return whatIsAt(g, event.clientX - left, event.clientY - above);
  }
  const hover = (found) => {
    const { hover: last } = state;
    if (last?.row !== found?.row || last?.column !== found?.column) store.set({ hover: found });
  };
  const pin = (found) => store.set({ pin: found, hover: null, spoken: ["pin", found] });
  top.addEventListener("pointermove", (event) => hover(at(event)), { signal });
  top.addEventListener("pointerleave", () => hover(null), { signal });
  top.addEventListener("click", (event) => pin(at(event)), { signal });
  box.addEventListener("blur", () => hover(null), { signal });
  const move = (down, right) => {
    const from = focusOf(state) ?? { row: g.rows - 1, column: null };
    const next = (now, by, count) =>
      by === 0 ? now : now === null ? (by > 0 ? 0 : count - 1) : clamp(now + by, 0, count - 1);
    const found = {
      row: next(from.row, down, g.rows),
      column: next(from.column, right, g.columns),
    };
    store.set({ hover: found, spoken: ["cell", found] });
  };
  onKeys(
    box,
    { ...arrows(move), Enter: () => pin(focusOf(state)), Escape: () => pin(null) },
    signal,
  );
  return {
    box,
    resize: (wide) => (width = wide),
    place: (shown, colours) => (g = stageGeometry(width, shown, measure(colours.font))),
    geometry: () => g,
    drawBase,
    drawRest,
    drawTop,
  };
}
