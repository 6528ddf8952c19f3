// What goes out of the view: the selection to Python, pictures to disk.

// The selection both ways. Only choices are told, not every hover.
function follow({ model, data, store, signal, parts }) {
  const { state } = store;
  const listen = (event, listener) => {
    model.on(event, listener);
    signal.addEventListener("abort", () => model.off(event, listener));
  };
  store.subscribe((changed) => {
    if (changed.has("chosen")) {
      model.set("head", state.chosen[0]);
      askForHeads();
    }
    if (changed.has("pin")) {
      const { shown } = parts;
      const { row = null, column = null } = state.pin ?? {};
      const known = pinnedAt(model, shown);
      // a row may stand for several tokens: the one that is known already stays
      if (known?.row !== row) model.set("token", row === null ? null : shown.readerAt(row));
      if (known?.column !== column) model.set("key", column === null ? null : shown.readAt(column));
    }
    if (changed.has("chosen") || changed.has("pin")) model.save_changes();
  });
  listen("change:head", () => {
    const head = model.get("head");
    if (!sameHead(head, state.chosen[0])) store.set({ chosen: [head] });
  });
  const whichPin = () => {
    if (!parts.shown) return;
    const pin = pinnedAt(model, parts.shown);
    if (pin?.row !== state.pin?.row || pin?.column !== state.pin?.column) store.set({ pin });
  };
  listen("change:token", whichPin);
  listen("change:key", whichPin);
  // Where only some heads came whole, a running kernel has the others.
  listen("msg:custom", async (message, buffers) => {
    if (!message.have) return;
    await data.add(message.have, buffers[0]);
    store.set({ detail: state.detail + 1 });
  });
  function askForHeads() {
    if (!model.send) return;
    const missing = state.chosen.filter(([l, h]) => !data.whole(state.frame, l, h));
    missing.forEach((need) => model.send({ need }));
  }
  askForHeads();
  whichPin(); // Python may have pinned before the page was there
}

// The pinned positions of the model as a row and a column of what is shown.
function pinnedAt(model, shown) {
  const row = indexAt(shown.rows, shown.readerAt, model.get("token"));
  const column = indexAt(shown.columns, shown.readAt, model.get("key"));
  return row === null && column === null ? null : { row, column };
}

// The last index whose position is not after the one asked for: a word's, if words are merged.
function indexAt(count, positionOf, position) {
  if (position === null || position === undefined) return null;
  for (let i = count - 1; i >= 0; i--) if (positionOf(i) <= position) return i;
  return null;
}

function keepPictures({ store, say, signal, parts }) {
  const { state } = store;
  const picture = () => {
    const { shown } = parts;
    const focus = focusOf(state);
    const [layer, head] = state.chosen[0];
    return attentionPicture({
      shown,
      focus,
      g: parts.panelStage.geometry(),
      colours: state.colours,
      title: say(state.followed ? "followed_name" : "head_name", { layer, head }),
      words: focus ? sentence(shown, focus, say) : "",
      floor: focus ? 0.002 : restFloor(shown, state.threshold),
    });
  };
  parts.png.addEventListener("click", () => savePng("attention", picture()), { signal });
  parts.svg.addEventListener("click", () => saveSvg("attention", picture()), { signal });
}
