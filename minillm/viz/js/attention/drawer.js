// Redraws what the changed names ask for, from the whole picture down to the focus alone.

// From these widths on the overview stands beside the matrix, or at least beside the tools. The
// matrix of a long text needs the room more, as long as the overview above it is not tall.
const wideFrom = ({ L, S }) => (L > 4 ? 760 : clamp(560 + 6 * S, 760, 1000));
const MIDDLE = 560;
const OF_OVERVIEW = [
  "frame",
  "versus",
  "chosen",
  "preview",
  "score",
  "followed",
  "size",
  "colours",
];
const OF_MATRIX = [
  "frame",
  "versus",
  "chosen",
  "preview",
  "sink",
  "merge",
  "followed",
  "threshold",
  "detail",
];

const sameList = (a, b) => a === b || a?.every((item, i) => item === b[i]);
const anyOf = (changed, names) => names.some((name) => changed.has(name));

function drawer(context, parts) {
  const { model, data, store, say } = context;
  const { state } = store;
  const { panelStage, readout } = parts;
  let shown = null;
  let each = null; // the chosen heads one by one, where there are several

  function rebuild() {
    const before = shown;
    shown = shownMatrix(data, state);
    parts.shown = shown;
    const several = !state.preview && !state.followed && state.chosen.length > 1;
    each = several
      ? state.chosen.map((head) => shownMatrix(data, { ...state, chosen: [head] }))
      : null;
    const resized = before?.rows !== shown.rows || before?.columns !== shown.columns;
    if (before && resized) Object.assign(state, { pin: pinnedAt(model, shown), hover: null });
    const renamed =
      !sameList(before?.read, shown.read) || !sameList(before?.readers, shown.readers);
    if (resized || renamed) fillStrips(parts.strips, data, state, shown);
  }

  return (changed) => {
    const { colours } = state;
    if (!state.size) return; // not on the page yet
    if (changed.has("size")) layOut(context, parts);
    if (anyOf(changed, OF_OVERVIEW)) drawOverview(context, parts);
    const newMatrix = !shown || anyOf(changed, OF_MATRIX);
    if (newMatrix) rebuild();
    if (newMatrix || changed.has("size") || changed.has("colours")) {
      panelStage.place(shown, colours);
      panelStage.drawBase(shown, colours);
      panelStage.drawRest(shown, colours, each);
      legend(parts.scale, shown, colours);
      const hint = shown.signed ? "stage_hint_signed" : each ? "stage_hint_mean" : "stage_hint";
      parts.hint.textContent = say(hint);
    }
    const focus = focusOf(state);
    panelStage.drawTop(shown, colours, focus, each);
    paintStrips(parts.strips, data, state, shown, focus);
    readout.line.classList.toggle("pinned", focus !== null && focus === state.pin);
    readout.line.textContent = sentence(shown, focus, say);
    if (newMatrix || changed.has("pin")) readout.fillTable(shown, state.pin);
    if (changed.has("spoken") && state.spoken) {
      readout.live.textContent = spokenText(context, shown, focus);
    }
  };
}

function layOut({ data, store, box }, parts) {
  const { size } = store.state;
  const wide = size >= wideFrom(data);
  const middle = !wide && size >= MIDDLE;
  parts.body.classList.toggle("wide", wide);
  parts.body.classList.toggle("middle", middle);
  const inner = box.clientWidth - 34;
  const most = wide ? inner * 0.36 : inner - 260; // the tools need 236
  const beside = wide || middle;
  const sideWidth = beside ? Math.ceil(clamp(36 + data.H * 40, 244, most)) : inner;
  parts.side.style.width = beside ? `${sideWidth}px` : "";
  parts.tools.style.width = wide ? `${sideWidth}px` : "";
  parts.heads.resize(sideWidth);
  parts.panelStage.resize(wide ? inner - sideWidth - 24 : inner);
}

function drawOverview({ header, store, say }, parts) {
  const { state } = store;
  parts.heads.draw(state.colours);
  parts.frames?.draw(state.colours);
  const [low, high] = header.ranges[state.score];
  parts.range.textContent = say("score_range", { low, high });
  const list = state.preview ? [state.preview] : state.chosen;
  const [layer, head] = list[0];
  if (list.length > 1 && !state.followed) {
    const one = ([l, h], i) => {
      const dot = make("i", { style: `background:${HEAD_COLOURS[i]}` });
      return make("span", { class: "one" }, dot, say("head_name", { layer: l, head: h }));
    };
    parts.title.replaceChildren(...list.map(one));
    return;
  }
  const name = say(state.followed ? "followed_name" : "head_name", { layer, head });
  const scores = state.followed ? [] : scoresOf(header, state.frame, layer, head);
  const items = scores.map(([key, text, value]) =>
    make("span", { class: key === state.score ? "score now" : "score" }, text, make("span", {}, value)),
  );
  const { frame, versus } = state;
  if (versus !== null) {
    const names = { first: header.frames[frame], second: header.frames[versus] };
    items.unshift(make("strong", { class: "now" }, say("difference", names)));
  }
  parts.title.replaceChildren(make("strong", {}, name), ...items);
}

const scoresOf = (header, frame, layer, head) =>
  Object.entries(header.scores).map(([key, scores]) => {
    const value = scores[frame][layer][head];
    return [key, header.scoreNames[key], value === null ? "–" : value.toFixed(2)];
  });

function fillStrips(strips, data, state, shown) {
  const whole = !state.merge && !shown.pooled;
  const words = (list) => (whole ? list : null);
  if (data.crossed) {
    strips[0].fill(shown.readers, words(data.readerWords(state.frame)), shown.rows);
    strips[1].fill(shown.read, words(data.readWords(state.frame)), shown.columns);
  } else {
    strips[0].fill(shown.read, words(data.readWords(state.frame)), shown.rows);
  }
}

// One text: tinted by what the focused token reads, or by who reads it. Two texts: each by the other.
function paintStrips(strips, data, state, shown, focus) {
  const map = maps(state.colours.theme)[shown.signed ? "signed" : "weights"];
  const blank = (count) => new Uint8Array(count).fill(shown.signed ? encodeSigned(0) : 0);
  const asRead = focus !== null && focus.row === null;
  if (!data.crossed) {
    const first = shown.columns - shown.rows;
    const at = !focus ? null : asRead ? focus.column : focus.row + first;
    strips[0].paint(
      asRead ? codesOfReaders(shown, focus, first) : codesOfRead(shown, focus),
      map,
      at,
    );
    return;
  }
  const readers = asRead ? codesOfReaders(shown, focus, 0) : blank(shown.rows);
  strips[0].paint(readers, map, focus ? focus.row : null);
  const read = asRead ? blank(shown.columns) : codesOfRead(shown, focus);
  strips[1].paint(read, map, focus ? focus.column : null);
}

// How much each token is read: by the focused reader, or by all on average.
function codesOfRead(shown, focus) {
  const { p, codes, rows, columns } = shown;
  if (focus) return codes.subarray(focus.row * columns, (focus.row + 1) * columns);
  const sums = new Float32Array(columns);
  p.forEach((share, i) => (sums[i % columns] += share / rows));
  return Uint8Array.from(sums, shown.signed ? encodeSigned : encodeShare);
}

// How much each reader reads the focused token; `first` tokens before them read nothing.
function codesOfReaders(shown, focus, first) {
  const out = new Uint8Array(shown.rows + first).fill(shown.signed ? encodeSigned(0) : 0);
  for (let t = 0; t < shown.rows; t++)
    out[first + t] = shown.codes[t * shown.columns + focus.column];
  return out;
}

function spokenText({ header, store, say }, shown, focus) {
  const [what, value] = store.state.spoken;
  if (what === "head") {
    const [layer, head] = value;
    const scores = scoresOf(header, store.state.frame, layer, head).map(
      ([, text, value]) => `${text} ${value}`,
    );
    return [say("head_name", { layer, head }), ...scores].join(". ");
  }
  if (what === "pin")
    return value ? say("pinned", { what: sentence(shown, value, say) }) : say("unpinned");
  return sentence(shown, focus, say);
}
