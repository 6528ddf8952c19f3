// The cursor: a step of one run, and the row of every other run at the same place of the axis.

// At rest the end of the last run, which may be growing. Rows by run index; null where a run has nothing there.
function cursorAt(scene, place) {
  const lead = scene.visible.find((run) => run.index === place?.run) ?? scene.visible.at(-1);
  if (!lead) return null;
  const { axis } = scene;
  const row = place ? nearest(lead.columns.step, place.step) : lead.rows - 1;
  const x = (lead.columns[axis] ?? lead.columns.step)[row];
  const rows = {};
  for (const run of scene.visible) {
    const xs = run.columns[axis];
    const near = xs ? nearest(xs, x) : null;
    // a run that has ended says nothing past its end; at rest each shows its last
    const over = place && xs && x > xs.at(-1) + 0.01 * (xs.at(-1) - xs[0]);
    rows[run.index] = run === lead ? row : !place ? run.rows - 1 : over ? null : near;
  }
  return { lead, row, x, rows, step: lead.columns.step[row], atRest: !place };
}

// The record of any run that is nearest to a place of the axis.
function placeNear(scene, value) {
  let found = null;
  for (const run of scene.visible) {
    const xs = run.columns[scene.axis];
    if (!xs?.length) continue;
    const row = nearest(xs, value);
    const distance = Math.abs(xs[row] - value);
    if (!found || distance < found.distance)
      found = { distance, run: run.index, step: run.columns.step[row] };
  }
  return found && { run: found.run, step: found.step };
}

const samePlace = (a, b) => a === b || (a && b && a.run === b.run && a.step === b.step);

// The pointer over a plot looks; a click pins; a drag is a brush, and where it ends the zoom.
function followPointer(context, sheet, plotOf) {
  const { store, signal, sceneOf } = context;
  const { state } = store;
  let start = null; // of a drag: pixel and value
  const pixelOf = (event) => event.clientX - sheet.getBoundingClientRect().left;
  const valueAt = (event) => {
    const { x, frame } = plotOf();
    return x.back(clamp(pixelOf(event), frame.left, frame.right));
  };
  const hover = (place) => {
    if (!samePlace(place, state.hover)) store.set({ hover: place });
  };
  const on = (name, act) => sheet.addEventListener(name, act, { signal });
  on("pointermove", (event) => {
    const value = valueAt(event);
    hover(placeNear(sceneOf(), value));
    const { run, frame, rowHeight } = plotOf();
    if (run) {
      const up = event.clientY - sheet.getBoundingClientRect().top;
      const layer = Math.floor((up - frame.top) / rowHeight);
      store.set({ layer: clamp(layer, 0, run.layers.length - 1) });
    }
    const dragged = start && event.pointerType !== "touch";
    if (dragged && Math.abs(pixelOf(event) - start.pixel) > 4)
      store.set({ brush: [start.value, value] });
  });
  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    start = { pixel: pixelOf(event), value: valueAt(event) };
    sheet.setPointerCapture(event.pointerId);
  });
  on("pointerup", () => {
    const { brush } = state;
    if (start && brush) zoomTo(context, [Math.min(...brush), Math.max(...brush)]);
    else if (start) pin(context, samePlace(state.pin, state.hover) ? null : state.hover);
    start = null;
    store.set({ brush: null });
  });
  on("pointercancel", () => {
    start = null;
    store.set({ brush: null });
  });
  on("pointerleave", () => !start && store.set({ hover: null, layer: null }));
}

const pin = ({ store }, place) => store.set({ pin: place, spoken: ["pin", place] });

// Shows a part of the axis; all of it where the part is no smaller, none where nothing is in it.
function zoomTo({ store, sceneOf }, range) {
  const { extent, visible, axis } = sceneOf();
  if (!range) return store.set({ zoom: null });
  const [low, high] = [Math.max(range[0], extent[0]), Math.min(range[1], extent[1])];
  const all = low <= extent[0] && high >= extent[1];
  const inside = visible.some(({ columns }) => {
    const xs = columns[axis] ?? [];
    return firstAt(xs, high) - firstAt(xs, low) >= 1;
  });
  if (high > low && inside) store.set({ zoom: all ? null : [low, high] });
}

// Zooms about the cursor; on a logarithmic axis by its logarithm.
function zoomBy(context, factor) {
  const { store, sceneOf } = context;
  const { main } = sceneOf();
  const cursor = cursorAt(sceneOf(), focusOf(store.state));
  if (!cursor) return;
  const { x, frame } = main;
  const at = clamp(x.at(cursor.x), frame.left, frame.right);
  zoomTo(
    context,
    [frame.left, frame.right].map((edge) => x.back(at + (edge - at) * factor)),
  );
}

function followKeys(context, panelBox) {
  const { store, signal, sceneOf } = context;
  const { state } = store;
  // A record to the side, or as many as lie on one pixel.
  const move = (by) => {
    const scene = sceneOf();
    const cursor = cursorAt(scene, focusOf(state));
    if (!cursor) return;
    const { lead, row } = cursor;
    const { x, frame } = scene.main;
    const xs = lead.columns[scene.axis] ?? lead.columns.step;
    const first = firstAt(xs, x.low);
    const last = Math.max(first, firstAt(xs, x.high * (1 + 1e-12)) - 1); // of what the zoom shows
    const stride = Math.max(1, Math.round((last - first) / frame.width));
    const next = Number.isFinite(by) ? row + by * stride : by > 0 ? last : first;
    const step = lead.columns.step[clamp(next, first, last)];
    store.set({ hover: { run: lead.index, step }, spoken: ["step"] });
  };
  const back = () => {
    if (state.hover || state.pin) store.set({ hover: null, pin: null, spoken: ["pin", null] });
    else zoomTo(context, null);
  };
  onKeys(
    panelBox,
    {
      ArrowLeft: (event) => move(event.shiftKey ? -10 : -1),
      ArrowRight: (event) => move(event.shiftKey ? 10 : 1),
      Home: () => move(-Infinity),
      End: () => move(Infinity),
      "+": () => zoomBy(context, 0.5),
      "=": () => zoomBy(context, 0.5),
      "-": () => zoomBy(context, 2),
      Enter: () => pin(context, focusOf(state)),
      Escape: back,
    },
    signal,
  );
  panelBox.addEventListener("blur", () => store.set({ hover: null }), { signal });
}
