// What stands where: the scales and the lines of every plot, worked out once for each change.

const MAIN = { left: 48, top: 12, right: 14, bottom: 26 };
const SMALL = { left: 48, top: 8, right: 10, bottom: 22 };
const SMALL_HEIGHT = 112;
const GUTTER = 22; // between small plots
const MAP_LEFT = 74; // layers have names

const frameOf = (width, height, margin) => ({
  width,
  height,
  left: margin.left,
  top: margin.top,
  right: width - margin.right,
  bottom: height - margin.bottom,
});

// Smoothing goes by these numbers of steps; an eightieth of the run to begin with.
const MEMORIES = [0, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const spanOf = (runs) => Math.max(1, ...runs.map(({ columns }) => columns.step.at(-1) ?? 1));
function memoriesOf(runs) {
  const span = spanOf(runs);
  const found = MEMORIES.filter((memory) => memory <= Math.max(2, span / 4));
  const start = found.filter((memory) => memory <= span / 80);
  return { found, start: Math.max(0, start.length - 1) };
}

function makeScene({ header, runsOf, store }, width) {
  const runs = runsOf();
  const { state } = store;
  const visible = runs.filter((run) => run.rows && !state.hidden.includes(run.index));
  const { theme } = state.colours;
  const memory = memoriesOf(runs).found[state.smooth] ?? 0;
  const extent = extentOf(visible, state.axis, state.logX);
  const range = state.zoom ?? extent;
  const scene = { visible, memory, extent, zoomed: Boolean(state.zoom), theme, axis: state.axis };
  const across = (frame) => makeScale(range, [frame.left, frame.right], state.logX);

  const frame = frameOf(width, clamp(Math.round(width * 0.42), 220, 340), MAIN);
  const x = across(frame);
  const lines = visible.filter((run) => run.columns.loss).map((run) => lineOf(run, "loss", scene));
  const held = visible.filter((run) => run.columns.val_loss);
  const points = held.map((run) => lineOf(run, "val_loss", { ...scene, memory: 0 }));
  const floors = visible.filter((run) => run.columns.floor);
  const floor = floors.map((run) => lineOf(run, "floor", { ...scene, memory: 0 }));
  const y = lossScale([...lines, ...points, ...floor], x, frame, header, state);
  scene.main = { frame, x, y, lines, points, floor };

  const keys = smallKeys(visible);
  const columns = (scene.columns = columnsFor(keys.length, width));
  const wide = Math.floor((width - GUTTER * (columns - 1)) / columns);
  scene.small = keys.map(({ key, run }, i) => {
    // the last one takes what its row has left
    const span = i === keys.length - 1 ? columns - (i % columns) : 1;
    const room = span * wide + (span - 1) * GUTTER;
    const box = frameOf(room, SMALL_HEIGHT, run ? { ...SMALL, left: MAP_LEFT } : SMALL);
    const plot = { key, run, span, frame: box, x: across(box) };
    return run ? mapPlot(plot, state.axis) : smallPlot(plot, scene, runs);
  });
  return scene;
}

// Rows of at most four, as even as they can be.
function columnsFor(count, width) {
  const most = width < 520 ? 1 : width < 640 ? 2 : width < 860 ? 3 : 4;
  return Math.max(1, Math.ceil(count / Math.ceil(count / most)) || 1);
}

// A column as it came, and smoothed.
function lineOf(run, name, { axis, memory, theme }) {
  const ys = run.columns[name];
  const soft = memory > 0 ? smooth(run, name, memory) : null;
  return {
    run,
    name,
    xs: run.columns[axis] ?? new Float64Array(0),
    ys,
    soft,
    look: lookOf(run.index, theme),
  };
}

// Losses, the floor and the marks in one frame; a zoom looks at the losses alone.
function lossScale(series, x, frame, header, state) {
  let [low, high] = rangeOf(series, x, state.logY) ?? [1, 2];
  if (!state.zoom) {
    const besides = header.marks.map(([, value]) => value);
    if (header.floor !== null) besides.push(header.floor);
    for (const value of besides.filter((value) => value > 0 || !state.logY)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  const room = state.logY ? (high / low) ** 0.06 : (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  const padded = state.logY
    ? [low / (room || 1.1), high * (room || 1.1)]
    : [low - room, high + room];
  if (padded[0] === padded[1]) padded[1] *= 1.1;
  return makeScale(padded, [frame.bottom, frame.top], state.logY);
}

// The small plots there are numbers for; each run's layers have a map of their own.
function smallKeys(visible) {
  const any = (test) => visible.some(test);
  const keys = any((run) => run.kinds.length) ? [{ key: "regret" }] : [];
  for (const key of ["lr", "grad_norm", "speed"]) {
    if (any((run) => run.columns[key])) keys.push({ key });
  }
  const mapped = visible.filter((run) => run.mapped);
  return [...keys, ...mapped.map((run) => ({ key: "map", run }))];
}

function smallPlot(plot, scene, runs) {
  const { key, frame, x } = plot;
  if (key === "regret") {
    const several = runs.filter((run) => run.kinds.length).length > 1;
    plot.lines = scene.visible.flatMap((run) =>
      run.kinds.map((name, k) => {
        const line = lineOf(run, name, { ...scene, memory: 0 });
        const look = several ? line.look : lookOf(k, scene.theme);
        return {
          ...line,
          look: { ...look, shape: k % SHAPES },
          kind: name.slice("regret.".length),
        };
      }),
    );
  } else {
    const memory = key === "lr" ? 0 : scene.memory;
    plot.lines = scene.visible
      .filter((run) => run.columns[key])
      .map((run) => lineOf(run, key, { ...scene, memory }));
  }
  const [low, high] = rangeOf(plot.lines, x, false) ?? [0, 1];
  const bounds = [Math.min(0, low), Math.max(0, high) || 1];
  plot.y = makeScale(
    [bounds[0], bounds[0] + (bounds[1] - bounds[0]) * 1.08],
    [frame.bottom, frame.top],
  );
  return plot;
}

// Layers down, steps across, the logarithm of the norm as the colour.
function mapPlot(plot, axis) {
  const { run, frame } = plot;
  let [low, high] = [Infinity, -Infinity];
  for (const row of run.norms) {
    for (const norm of row) {
      if (!(norm > 0) || norm === Infinity) continue;
      low = Math.min(low, norm);
      high = Math.max(high, norm);
    }
  }
  const { columns } = run;
  const onAxis = (step) => columns[axis]?.[nearest(columns.step, step)] ?? NaN;
  const xs = axis === "step" ? run.mapSteps : run.mapSteps.map(onAxis);
  const rowHeight = (frame.bottom - frame.top) / run.layers.length;
  return { ...plot, xs, range: [low, high], rowHeight };
}
