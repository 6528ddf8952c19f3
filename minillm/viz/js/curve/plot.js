// One plot: its frame, its ticks, and lines of as many points as the screen can show.

// x, y, x, y, ... of a column between two rows: every point, or where there are more than pixels, of
// each pixel its first, lowest, highest and last, so that no spike is lost. NaN lifts the pen.
function trace(xs, ys, x, y, from, to) {
  const out = [];
  const many = to - from > 3 * Math.abs(x.at(x.high) - x.at(x.low));
  let [column, lowest, highest, last] = [NaN, 0, 0, 0];
  const flush = () => {
    if (Number.isNaN(column)) return;
    if (lowest !== highest) out.push(column, lowest, column, highest);
    out.push(column, last);
  };
  for (let i = from; i < to; i++) {
    const value = ys[i];
    if (Number.isNaN(value) || (x.log && xs[i] <= 0)) continue;
    const up = y.log && value <= 0 ? NaN : value === Infinity ? NaN : y.at(value);
    const across = x.at(xs[i]);
    if (!many || Number.isNaN(up)) {
      if (many) flush();
      column = NaN;
      out.push(across, up);
      continue;
    }
    const pixel = Math.round(across);
    if (pixel !== column) {
      flush();
      column = pixel;
      lowest = highest = up;
      out.push(pixel, up);
    }
    if (up > lowest) lowest = up;
    if (up < highest) highest = up;
    last = up;
  }
  if (many) flush();
  return out;
}

// The rows of a run that a zoom shows, one more on either side so that lines leave the frame.
function rowsWithin(values, x) {
  const from = Math.max(0, firstAt(values, x.low) - 1);
  return [from, Math.min(values.length, firstAt(values, x.high) + 2)];
}

// The lowest and the highest of some columns within the zoom.
function rangeOf(series, x, positive) {
  let [low, high] = [Infinity, -Infinity];
  for (const { xs, ys } of series) {
    const end = firstAt(xs, x.high * (1 + 1e-12) + 1e-300);
    for (let i = firstAt(xs, x.low); i < end; i++) {
      const value = ys[i];
      if (!Number.isFinite(value) || (positive && value <= 0)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}

// The frame: a hairline for each tick, their numbers below and to the left.
function drawFrame(pen, { left, top, right, bottom }, x, y, colours, { ticks, across, name }) {
  const soft = { colour: colours.soft, size: 10.5 };
  for (const value of ticksOf(y, ticks)) {
    const at = Math.round(y.at(value)) + 0.5;
    if (at < top - 1 || at > bottom + 1) continue;
    pen.rect(left, at - 0.5, right - left, 1, { colour: colours.line });
    pen.text(left - 7, at + 3.5, tickText(value), { ...soft, align: "right" });
  }
  for (const value of ticksOf(x, across)) {
    const at = x.at(value);
    if (name && at > right - 52) continue; // the axis is named there
    pen.rect(Math.round(at), bottom, 1, 4, { colour: colours.line });
    const align = at > right - 14 ? "right" : at < left + 8 ? "left" : "center";
    pen.text(at, bottom + 16, tickText(value), { ...soft, align });
  }
  if (name) pen.text(right, bottom + 16, name, { ...soft, align: "right" });
}

// A run's colour, dashes and marker; colour and dashes together repeat after 36 runs.
function lookOf(index, theme) {
  const colours = PALETTE[theme].runs;
  const dash = DASHES[(index + Math.floor(index / colours.length)) % DASHES.length];
  return { colour: colours[index % colours.length], dash, shape: index % SHAPES };
}
