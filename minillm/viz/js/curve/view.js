// The curve view put together.

VIEWS.curve = async ({ model, el }) => {
  const say = speaker(model.get("strings"));
  const { box, host, signal, end } = stage(el, "curve", model.get("lang"));
  const step = model.get("step") ?? null;
  const store = createStore(
    {
      axis: "step",
      logX: false,
      logY: false,
      smooth: 0,
      chose: false, // the reader has chosen how much to smooth
      zoom: null,
      brush: null,
      hidden: [],
      hover: null,
      pin: step === null ? null : { run: 0, step },
      layer: null,
      spoken: null, // what to say aloud: moves of the keyboard and pins, not every hover
      data: 0,
      size: 0,
      colours: null,
    },
    signal,
  );
  let runs = [];
  let scene = null;
  const context = { model, say, signal, store, box, runsOf: () => runs, sceneOf: () => scene };
  let reading = 0;
  async function read() {
    const mine = ++reading;
    const header = model.get("header");
    const found = await readRuns(header, asBytes(model.get("buffer")));
    if (mine !== reading || signal.aborted) return; // newer numbers have come meanwhile
    runs = found;
    context.header = header;
    const patch = { data: store.state.data + 1 };
    if (!store.state.chose) patch.smooth = memoriesOf(runs).start;
    store.set(patch);
  }
  await read();
  const parts = buildParts(context);
  const drawn = drawer(context, parts);
  store.subscribe((changed) => (scene = drawn(changed)));
  followModel(context, read);
  keepLook(host, box, store, signal);
  return end;
};

// The pinned step both ways, and new numbers from a run that is going on.
function followModel({ model, store, signal }, read) {
  const listen = (event, listener) => {
    model.on(event, listener);
    signal.addEventListener("abort", () => model.off(event, listener));
  };
  store.subscribe((changed) => {
    if (!changed.has("pin")) return;
    model.set("step", store.state.pin?.step ?? null);
    model.save_changes();
  });
  listen("change:step", () => {
    const step = model.get("step") ?? null;
    if (step !== (store.state.pin?.step ?? null)) {
      store.set({ pin: step === null ? null : { run: store.state.pin?.run ?? 0, step } });
    }
  });
  listen("change:buffer", read);
  listen("change:header", read);
}
