// Buttons, menus and sliders. Each is the browser's own, so keyboard and screen reader work already.

function toggle({ store, signal, name, text, title, disabled }) {
  const button = make(
    "button",
    { type: "button", class: "toggle", title, disabled, ...suppressed },
    text,
  );
  const show = () => button.setAttribute("aria-pressed", String(store.state[name]));
  button.addEventListener("click", () => store.set({ [name]: !store.state[name] }), { signal });
  store.subscribe((changed) => changed.has(name) && show());
  show();
  return button;
}

function menu({ store, signal, name, label, options }) {
  const select = make(
    "select",
    suppressed,
    ...options.map(([value, text]) => make("option", { value: String(value) }, text)),
  );
  const show = () => (select.value = String(store.state[name]));
  const values = Object.fromEntries(options.map(([value]) => [String(value), value]));
  select.addEventListener("change", () => store.set({ [name]: values[select.value] }), { signal });
  store.subscribe((changed) => changed.has(name) && show());
  show();
  return make("label", { class: "field" }, make("span", {}, label), select);
}

// Hides weights below a share. The slider goes by the square root, where small weights are.
function thresholdSlider({ store, say, signal }) {
  const input = make("input", {
    type: "range",
    min: 0,
    max: 0.8,
    step: 0.01,
    value: 0,
    ...suppressed,
  });
  const shown = make("output", { class: "value" }, percent(0));
  input.addEventListener(
    "input",
    () => {
      const threshold = Number(input.value) ** 2;
      shown.textContent = percent(threshold);
      input.setAttribute("aria-valuetext", percent(threshold));
      store.set({ threshold });
    },
    { signal },
  );
  return make("label", { class: "field" }, make("span", {}, say("threshold")), input, shown);
}

// Steps through the frames. Above the slider the chosen head's score is a little curve, from zero to
// the highest of any head; below it stand the names of the first and the last frame.
function frameSlider({ store, header, say, signal }) {
  const { state } = store;
  const last = header.frames.length - 1;
  const input = make("input", {
    type: "range",
    min: 0,
    max: last,
    step: 1,
    "aria-label": say("frame"),
    ...suppressed,
  });
  const name = make("output", { class: "value name" });
  const score = make("span", { class: "soft" });
  const spark = make("canvas", { "aria-hidden": "true" });
  const play = make("button", { type: "button", class: "play", ...suppressed });
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    label();
  };
  const label = () => {
    play.textContent = timer ? "❚❚" : "▶";
    play.setAttribute("aria-label", say(timer ? "pause" : "play"));
  };
  function start() {
    if (state.frame === last) store.set({ frame: 0 });
    timer = setInterval(
      () => {
        store.set({ frame: Math.min(state.frame + 1, last) });
        // a view taken off the page stops by itself
        if (state.frame === last || !input.isConnected) stop();
      },
      Math.max(120, 2400 / header.frames.length),
    );
    label();
  }
  play.addEventListener("click", () => (timer ? stop() : start()), { signal });
  input.addEventListener("input", () => store.set({ frame: Number(input.value) }), { signal });
  signal.addEventListener("abort", stop);
  label();

  function draw(colours) {
    input.value = state.frame;
    const [l, h] = state.preview ?? state.chosen[0];
    name.textContent = header.frames[state.frame];
    const now = scoresOf(header, state.frame, l, h).find(([key]) => key === state.score);
    score.textContent = `${now[1]} ${now[2]}`;
    input.setAttribute("aria-valuetext", header.frames[state.frame]);
    const wide = Math.max(60, input.clientWidth);
    const context = fitCanvas(spark, wide, 28);
    const scores = header.scores[state.score];
    const range = [0, Math.max(...scores.flat(2))];
    // the slider's knob moves between points half its width from both ends
    const x = (i) => 8 + ((wide - 16) * i) / last;
    const y = (i) => 24 - 20 * strengthOf(scores[i][l][h], range);
    context.beginPath();
    for (let i = 0; i <= last; i++) context.lineTo(x(i), y(i));
    context.strokeStyle = colours.accent;
    context.lineWidth = 1.5;
    context.stroke();
    context.fillStyle = colours.accent;
    for (let i = 0; i <= last; i++) {
      if (i !== state.frame && wide < 8 * last) continue;
      context.beginPath();
      context.arc(x(i), y(i), i === state.frame ? 4 : 2, 0, 7);
      context.fill();
    }
  }
  const ends = [0, last].map((i) => make("span", {}, header.frames[i]));
  const track = make("div", { class: "track" }, spark, input, make("div", { class: "ends" }, ...ends));
  const names = make("div", { class: "names" }, name, score);
  return { box: make("div", { class: "frames" }, play, track, names), draw };
}

// The scale, at the square root as the colours are.
function legend(canvas, shown, colours) {
  const [wide, margin] = [186, 14]; // half of "−100" stands before the scale
  const context = fitCanvas(canvas, wide + 2 * margin + 6, 26);
  const map = maps(colours.theme)[shown.signed ? "signed" : "weights"];
  for (let x = 0; x < wide; x++) {
    context.fillStyle = map.css[Math.round((255 * x) / (wide - 1))];
    context.fillRect(margin + x, 0, 1, 9);
  }
  context.fillStyle = colours.soft;
  context.font = `10px ${colours.font}`;
  context.textAlign = "center";
  const ticks = shown.signed ? [-1, -0.25, 0, 0.25, 1] : [0, 0.01, 0.1, 0.25, 0.5, 1];
  for (const tick of ticks) {
    const at = (shown.signed ? encodeSigned(tick) : encodeShare(tick)) / 255;
    const text = shown.signed && tick > 0 ? `+${100 * tick}` : `${100 * tick}`.replace("-", "−");
    context.fillText(tick === 1 ? `${text}%` : text, margin + at * wide, 22);
  }
}
