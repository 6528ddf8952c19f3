// What the view is made of, top to bottom.

function buildParts(context) {
  const { header, data, store, say, signal, box } = context;
  const heads = overview(context);
  const panelStage = stagePanel(context);
  const strips = data.crossed
    ? [
        tokenStrip({ store, signal, side: "row", label: say("strip_readers") }),
        tokenStrip({ store, signal, side: "column", label: say("strip_read") }),
      ]
    : [tokenStrip({ store, signal, side: "row", label: say("strip") })];
  const readout = readoutParts({ say });
  const frames = data.F > 1 ? frameSlider(context) : null;
  const scale = make("canvas", { "aria-hidden": "true" });
  const scoreNames = Object.entries(header.scoreNames);
  const scoreMenu = menu({
    store,
    signal,
    name: "score",
    label: say("score"),
    options: scoreNames,
  });
  const title = make("div", { class: "headline" });
  const dims = say(data.T === data.S && !data.crossed ? "dims" : "dims_crossed", {
    layers: data.L,
    heads: data.H,
    readers: data.T,
    read: data.S,
  });
  const png = make(
    "button",
    { type: "button", title: say("save_png"), ...suppressed },
    say("export_png"),
  );
  const svg = make(
    "button",
    { type: "button", title: say("save_svg"), ...suppressed },
    say("export_svg"),
  );
  const bar = make(
    "div",
    { class: "bar" },
    make("strong", {}, say("title")),
    make("span", {}, dims),
    png,
    svg,
  );
  const range = make("div", { class: "soft range" });
  const side = make("div", { class: "side" }, scoreMenu, heads.box, range);
  const tools = make("div", { class: "side" }, scale, toolbar(context));
  const hint = make("div", { class: "soft hint" });
  const lists = strips.map((strip) => strip.list);
  const main = make("div", { class: "main" }, title, ...lists, readout.line, panelStage.box, hint);
  const body = make("div", { class: "body" }, side, main, tools);
  box.append(bar, ...(frames ? [frames.box] : []), body, readout.table, readout.live);
  return {
    heads,
    panelStage,
    strips,
    readout,
    frames,
    scale,
    title,
    png,
    svg,
    body,
    side,
    tools,
    range,
    hint,
  };
}

// Only the tools that this data can use.
function toolbar(context) {
  const { header, data, say } = context;
  const bar = make("div", { class: "tools" }, thresholdSlider(context));
  const add = (name) =>
    bar.append(toggle({ ...context, name, text: say(name), title: say(`${name}_title`) }));
  if (!data.pooled) {
    if (data.S > 1) add("sink");
    const splits = (words) => words.at(-1) - words[0] + 1 < words.length;
    if (splits(data.readWords(0)) || splits(data.readerWords(0))) add("merge");
    if (!data.crossed && data.T === data.S && data.L > 1) add("followed");
  }
  if (data.F > 1) {
    const names = header.frames.map((name, i) => [i, name]);
    const options = [[null, say("versus_none")], ...names];
    bar.append(menu({ ...context, name: "versus", label: say("versus"), options }));
  }
  if (data.pooled) bar.append(make("span", { class: "soft" }, say("pooled")));
  return bar;
}
