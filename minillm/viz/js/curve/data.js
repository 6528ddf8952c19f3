// The runs' columns from the buffer, as `minillm/viz/columns.py` packs them, and ways to look in them.
// In a column NaN means that nothing was said; an infinite loss is one that was no number.

async function readRuns(header, buffer) {
  const bytes = await inflate(buffer);
  let at = 0;
  const take = (rows, exact) => {
    const width = exact ? 8 : 4;
    const raw = new Uint8Array(rows * width);
    for (let byte = 0; byte < width; byte++) {
      for (let i = 0; i < rows; i++) raw[i * width + byte] = bytes[at++];
    }
    if (!exact) return new Float32Array(raw.buffer);
    const sums = new Float64Array(raw.buffer);
    for (let i = 1; i < rows; i++) sums[i] += sums[i - 1];
    return sums;
  };
  return header.runs.map((said, index) => {
    const run = { ...said, index, columns: {}, kinds: [] };
    for (const name of said.columns) {
      run.columns[name] = take(said.rows, name === "step" || name === "tokens");
      if (name.startsWith("regret.")) run.kinds.push(name);
    }
    run.mapSteps = take(said.mapped, true);
    run.norms = said.layers.map(() => take(said.mapped, false));
    if (run.columns.tokens && run.columns.seconds) run.columns.speed = speedOf(run.columns);
    run.smoothed = new Map(); // by column and memory: worked out once
    return run;
  });
}

// Tokens per second, between one record and the next.
function speedOf({ tokens, seconds }) {
  return Float32Array.from(tokens, (count, i) => {
    const [since, before] = i ? [seconds[i - 1], tokens[i - 1]] : [0, 0];
    return seconds[i] > since ? (count - before) / (seconds[i] - since) : NaN;
  });
}

// The mean of the values around each step, weighed by e to the minus distance over `memory` steps; over
// a quarter of the way from the start where that is less, because there a loss falls fastest.
// One pass forwards, one backwards; the value itself, which both have met, is taken off once.
// Python draws the still picture alike, in `minillm/viz/plots.py`.
function smooth(run, name, memory) {
  const key = `${name} ${memory}`;
  if (!run.smoothed.has(key)) {
    run.smoothed.set(key, smoothColumn(run.columns.step, run.columns[name], memory));
  }
  return run.smoothed.get(key);
}

function smoothColumn(steps, values, memory) {
  const rows = values.length;
  const out = Float32Array.from(values, (value) => (value === Infinity ? Infinity : NaN));
  const sums = new Float64Array(rows);
  const weights = new Float64Array(rows);
  for (const by of [1, -1]) {
    let [total, weight] = [0, 0];
    const start = by > 0 ? 0 : rows - 1;
    for (let i = start, last = start; i >= 0 && i < rows; last = i, i += by) {
      const near = Math.min(memory, Math.max((steps[i] - steps[0]) / 4, 1e-9));
      const share = Math.exp(-Math.abs(steps[i] - steps[last]) / near);
      total *= share;
      weight *= share;
      if (!Number.isFinite(values[i])) continue;
      total += values[i];
      weight += 1;
      sums[i] += total;
      weights[i] += weight;
    }
  }
  for (let i = 0; i < rows; i++) {
    if (weights[i]) out[i] = (sums[i] - values[i]) / (weights[i] - 1);
  }
  return out;
}

// The first index whose value is at least x; the values never go back.
function firstAt(values, x) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function nearest(values, x) {
  const after = Math.min(firstAt(values, x), values.length - 1);
  return after > 0 && x - values[after - 1] <= values[after] - x ? after - 1 : after;
}

// What a column last said at a row or before it; null where it had said nothing.
function lastSaid(values, row) {
  if (!values) return null;
  for (let i = row; i >= 0; i--) if (!Number.isNaN(values[i])) return values[i];
  return null;
}

// How far the runs go on an axis, both ends; logarithmic ones have no zero.
function extentOf(runs, axis, log) {
  const ends = runs.flatMap(({ columns }) => {
    const values = columns[axis] ?? [];
    return [values[firstAt(values, log ? Number.MIN_VALUE : 0)], values.at(-1)];
  });
  const known = ends.filter((value) => value > 0 || (value === 0 && !log));
  if (!known.length) return [1, 10];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return low < high ? [low, high] : [low, 2 * low + 1];
}
