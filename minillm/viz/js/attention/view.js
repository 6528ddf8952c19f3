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
  const look = () => store.set({ size: box.clientWidth, colours: readColours(host, box) });
  watchTheme(host, look, signal);
  const sizes = new ResizeObserver(() => box.clientWidth !== store.state.size && look());
  sizes.observe(box);
  signal.addEventListener("abort", () => sizes.disconnect());
  look();
  store.flush(); // the first picture at once
  follow(context);
  keepPictures(context);
  return end;
};

// The theme's colours, for the canvases, which know no style sheets.
function readColours(host, box) {
  const theme = themeAt(host.parentElement);
  box.dataset.theme = theme;
  const style = getComputedStyle(box);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    theme,
    font: style.fontFamily,
    ink: value("--ink"),
    soft: value("--soft"),
    line: value("--line"),
    paper: value("--paper"),
    accent: value("--accent"),
    accentWash: value("--accent-wash"),
  };
}
