// The attention view put together.

VIEWS.attention = async ({ model, el }) => {
  const header = model.get("header");
  const say = speaker(model.get("strings"));
  const data = await readAttention(header, asBytes(model.get("buffer")));
  const { box, host, signal, end } = stage(el, "attention", model.get("lang"));
  const pair = header.compare;
  const store = createStore(
    {
      frame: pair ? pair[0] : data.F - 1,
      versus: pair ? pair[1] : null,
      chosen: [model.get("head")],
      preview: null,
      hover: null,
      pin: null,
      score: header.score,
      threshold: 0,
      sink: false,
      merge: false,
      followed: false,
      spoken: null, // what to say aloud: moves of the keyboard and pins, not every hover
      size: 0, // width of the view
      detail: 0, // heads that came later
      colours: null,
    },
    signal,
  );
  const context = { model, header, data, store, say, signal, box };
  const parts = (context.parts = buildParts(context));
  store.subscribe(drawer(context, parts));
  keepLook(host, box, store, signal);
  follow(context);
  keepPictures(context);
  return end;
};
