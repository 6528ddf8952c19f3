// What the view is made of, top to bottom, and what is drawn again when something changes.

const SCENE_OF = ["data", "hidden", "axis", "logX", "logY", "smooth", "zoom", "size", "colours"];

function buildParts(context) {
  const { say, box } = context;
  const place = make("span", { class: "place" });
  const state = make("span", { class: "state", hidden: true }, make("i"), say("training"));
  const title = make("strong", {}, say("title"));
  const bar = make("div", { class: "bar" }, title, state, place, ...keepButtons(context));
  const keys = chips(context);
  const [base, top] = sheets();
  const main = panel(say("chart"), base, top);
  main.classList.add("plot");
  followPointer(context, top, () => context.sceneOf().main);
  followKeys(context, main);
  const unit = make("div", { class: "unit" });
  const tools = toolbar(context);
  const hint = make("div", { class: "hint" });
  const empty = make("p", { hidden: true });
  const small = make("div", { class: "small" });
  const samples = samplesPart(context);
  const table = tableParts(context);
  const live = make("div", { class: "unseen", "aria-live": "polite" });
  box.append(
    bar,
    keys.box,
    tools.box,
    empty,
    unit,
    main,
    hint,
    small,
    samples.box,
    table.box,
    live,
  );
  return {
    place,
    state,
    keys,
    base,
    top,
    main,
    unit,
    tools,
    hint,
    empty,
    small,
    samples,
    table,
    live,
    plots: [],
  };
}

const sheets = () =>
  ["base", "top"].map((name) => make("canvas", { class: name, "aria-hidden": "true" }));

// The small plots' elements, made again only where there are others than before.
function fillSmall(context, parts, scene) {
  const { say } = context;
  const names = scene.small.map((plot) => titleOf(plot, say));
  parts.small.style.gridTemplateColumns = `repeat(${Math.max(1, scene.columns)}, minmax(0, 1fr))`;
  const same =
    parts.plots.length === names.length && parts.plots.every(({ name }, i) => name === names[i]);
  const spread = () =>
    scene.small.forEach(({ span }, i) => (parts.plots[i].box.style.gridColumn = `span ${span}`));
  if (same) return spread();
  parts.plots = names.map((name, i) => {
    const [base, top] = sheets();
    const values = make("span", { class: "values" });
    const caption = make("figcaption", {}, make("span", { dir: "auto" }, name), values);
    const box = make("figure", {}, caption, make("div", { class: "plot" }, base, top));
    followPointer(context, top, () => context.sceneOf().small[i]);
    return { name, box, base, top, values };
  });
  spread();
  parts.small.replaceChildren(...parts.plots.map(({ box }) => box));
}

function drawer(context, parts) {
  const { say, store, runsOf } = context;
  const { state } = store;
  let scene = null;

  const penOn = (canvas, frame) =>
    canvasPen(fitCanvas(canvas, frame.width, frame.height), state.colours.font);

  function rebuild() {
    scene = makeScene(context, state.size - 34);
    const { header } = context;
    const waiting = !scene.visible.length;
    parts.empty.hidden = !waiting;
    parts.main.hidden = parts.unit.hidden = parts.hint.hidden = parts.small.hidden = waiting;
    parts.empty.textContent = say(runsOf().some((run) => run.rows) ? "nothing" : "waiting");
    parts.state.hidden = !header.live;
    parts.unit.textContent = header.unit;
    parts.hint.textContent = notes(context, scene).join(" ");
    parts.tools.update();
    parts.keys.build();
    fillSmall(context, parts, scene);
    if (waiting) return;
    drawMain(penOn(parts.base, scene.main.frame), scene, context, state.colours);
    scene.small.forEach((plot, i) => {
      drawSmall(penOn(parts.plots[i].base, plot.frame), plot, scene, state.colours);
    });
    parts.main.dataset.frame = JSON.stringify([
      scene.main.frame,
      scene.main.x.low,
      scene.main.x.high,
    ]);
    parts.table.fill();
  }

  return (changed) => {
    if (!state.size) return scene; // not on the page yet
    if (!scene || SCENE_OF.some((name) => changed.has(name))) rebuild();
    const focus = focusOf(state);
    const cursor = cursorAt(scene, focus);
    parts.keys.show(cursor);
    put(parts.place, cursor ? placeText(cursor, say) : "");
    parts.samples.show(scene, cursor);
    if (!cursor) return scene;
    const pinned = focus !== null && focus === state.pin;
    const shown = cursor.atRest ? null : cursor;
    drawTop(
      penOn(parts.top, scene.main.frame),
      scene.main,
      shown,
      state.brush,
      state.colours,
      pinned,
    );
    scene.small.forEach((plot, i) => {
      const { top, values } = parts.plots[i];
      drawTop(penOn(top, plot.frame), plot, shown, state.brush, state.colours, pinned);
      values.replaceChildren(
        ...smallValues({ ...plot, layer: state.hover ? state.layer : null }, cursor, say),
      );
    });
    if (changed.has("spoken") && state.spoken) {
      const words = spokenText(cursor, scene.visible, say);
      const [what, place] = state.spoken;
      if (what !== "pin") put(parts.live, words);
      else put(parts.live, place ? say("pinned", { what: words }) : say("unpinned"));
    }
    return scene;
  };
}

// What a reader should know of the picture: how to read it, and what is not in it.
function notes({ header, say }, { visible }) {
  const words = [say("points"), say("hint")];
  for (const run of visible) {
    if (run.broken) {
      const [count, step] = run.broken;
      words.push(say("broken", { name: run.name || say("loss"), count, step: whole(step) }));
    }
    if (run.rows < run.of && !header.live) {
      words.push(say("thinned", { shown: whole(run.rows), rows: whole(run.of) }));
    }
  }
  return words;
}
