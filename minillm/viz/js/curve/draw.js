// The plots drawn, with either pen.

function drawMain(pen, { main, visible, zoomed, axis }, { header, say }, colours) {
  const { frame, x, y, lines, points, floor } = main;
  drawFrame(pen, frame, x, y, colours, {
    ticks: Math.round(frame.height / 42),
    across: frame.width < 520 ? 5 : 8,
    name: say(axis),
  });
  const { left, top, right, bottom } = frame;
  pen.clip(left, top - 8, right - left + 7, bottom - top + 10, () => {
    if (visible.length === 1 && header.floor !== null) drawRegret(pen, main, header.floor);
    drawLines(pen, lines, x, y, 2);
    for (const line of floor) drawLine(pen, line, x, y, { colour: colours.ink, dash: [5, 3] });
    for (const line of points) drawPoints(pen, line, x, y, colours, 4.2);
  });
  const level = (value, name, colour, above = -5) => {
    const at = y.at(value);
    if (at < top - 6 || at > bottom + 1) return;
    pen.line([left, at, right, at], { colour, dash: [5, 3] });
    pen.text(right - 2, at + above, name, { colour, align: "right", room: 0.7 * (right - left) });
  };
  for (const [name, value] of header.marks) level(value, name, colours.soft);
  if (header.floor !== null)
    level(header.floor, `${say("floor")} ${number(header.floor)}`, colours.ink, 13);
  if (zoomed) pen.rect(left, bottom + 0.5, right - left, 2, { colour: colours.accent });
}

// As it came, and smoothed: every smoothed line above every raw one.
function drawLines(pen, lines, x, y, width) {
  for (const line of lines) {
    const { colour, dash } = line.look;
    const style = line.soft ? { width: width / 2, alpha: 0.32 } : { width: 0.7 * width, dash };
    drawLine(pen, line, x, y, { colour, ...style });
  }
  for (const { xs, soft, look } of lines) {
    if (soft) drawLine(pen, { xs, ys: soft }, x, y, { ...look, width });
  }
}

function drawLine(pen, { xs, ys }, x, y, style) {
  pen.line(trace(xs, ys, x, y, ...rowsWithin(xs, x)), style);
}

// What was measured, joined by a hairline; too many points for a marker each are a line.
function drawPoints(pen, line, x, y, colours, size) {
  const traced = trace(line.xs, line.ys, x, y, ...rowsWithin(line.xs, x));
  const { colour, dash, shape } = line.look;
  const few = traced.length / 2 <= (x.at(x.high) - x.at(x.low)) / 9;
  pen.line(traced, few ? { colour, alpha: 0.5 } : { colour, dash, width: 1.6 });
  if (!few) return;
  for (let i = 0; i < traced.length; i += 2) {
    if (Number.isNaN(traced[i + 1])) continue;
    pen.mark(shape, traced[i], traced[i + 1], size, { colour, edge: colours.paper });
  }
}

// The room between the run and the floor: what could still be learnt.
function drawRegret(pen, { x, y, lines, points }, floor) {
  const line = points[0] ?? lines[0];
  const traced = trace(line.xs, line.soft ?? line.ys, x, y, ...rowsWithin(line.xs, x));
  const known = traced.filter((_, i) => !Number.isNaN(traced[i | 1]));
  const at = y.at(floor);
  pen.area([...known, known.at(-2), at, known[0], at], { colour: line.look.colour, alpha: 0.1 });
}

function drawSmall(pen, plot, scene, colours) {
  if (plot.run) return drawMap(pen, plot, scene, colours);
  const { key, frame, x, y, lines } = plot;
  drawFrame(pen, frame, x, y, colours, { ticks: 3, across: frame.width < 240 ? 3 : 4 });
  pen.clip(
    frame.left,
    frame.top - 4,
    frame.right - frame.left + 5,
    frame.bottom - frame.top + 6,
    () => {
      if (key === "regret") lines.forEach((line) => drawPoints(pen, line, x, y, colours, 3));
      else drawLines(pen, lines, x, y, 1.5);
    },
  );
}

function drawMap(pen, plot, { theme }, colours) {
  const { frame, run, x, xs, range, rowHeight } = plot;
  const [low, high] = range.map(Math.log);
  // a column a pixel, each the last record at or before it; nothing before the first
  const columns = [];
  for (let pixel = frame.left; pixel < frame.right; pixel++) {
    const at = firstAt(xs, x.back(pixel + 1)) - 1;
    if (at >= 0) columns.push(at);
  }
  const wide = columns.length;
  if (wide) {
    const codes = Uint8Array.from({ length: wide * run.layers.length }, (_, i) => {
      const norm = run.norms[Math.floor(i / wide)][columns[i % wide]];
      const level = norm > 0 ? (Math.log(norm) - low) / (high - low || 1) : 0;
      return Math.round(255 * clamp(level, 0, 1));
    });
    const image = cellImage(codes, run.layers.length, wide, maps(theme).weights.pixels);
    pen.image(image, frame.right - wide, frame.top, wide, frame.bottom - frame.top);
  }
  drawFrame(pen, frame, x, { low: 1, high: 0, at: () => 0 }, colours, { ticks: 1, across: 4 });
  const every = Math.ceil(12 / rowHeight);
  const style = { colour: colours.soft, size: 10.5, align: "right", room: frame.left - 8 };
  run.layers.forEach((name, layer) => {
    if (layer % every) return;
    pen.text(frame.left - 6, frame.top + (layer + 0.5) * rowHeight + 3.5, name, style);
  });
}

// The cursor and the brush, on the sheet above.
function drawTop(pen, plot, cursor, brush, colours, pinned) {
  const { frame, x, y, lines = [], points = [] } = plot;
  if (brush) {
    const [from, to] = brush.map(x.at);
    pen.rect(from, frame.top, to - from, frame.bottom - frame.top, {
      colour: colours.accent,
      alpha: 0.13,
    });
  }
  if (!cursor) return;
  const at = x.at(cursor.x);
  if (at < frame.left - 1 || at > frame.right + 1) return;
  const colour = pinned ? colours.accent : colours.soft;
  pen.line([at, frame.top, at, frame.bottom], { colour, width: pinned ? 1.6 : 1 });
  for (const line of [...lines, ...points]) {
    const row = cursor.rows[line.run.index];
    if (row === null) continue;
    const shown = points.includes(line) ? line.ys[row] : (line.soft ?? line.ys)[row];
    if (!Number.isFinite(shown) || (y.log && shown <= 0)) continue;
    const up = y.at(shown);
    if (up < frame.top - 4 || up > frame.bottom + 4) continue;
    const size = points.includes(line) ? 5.5 : 4;
    pen.mark(points.includes(line) ? line.look.shape : 0, x.at(line.xs[row]), up, size, {
      colour: line.look.colour,
      edge: colours.paper,
    });
  }
}
