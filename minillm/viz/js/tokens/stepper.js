// From bytes to tokens, a merge at a time: a slider, a button that plays, the merge in words.

function stepper({ panel, text, store, say, signal, at }) {
  const { state } = store;
  const last = panel.merges.length;
  const attributes = { type: "range", min: 0, max: last, step: 1, ...suppressed };
  const input = make("input", { ...attributes, "aria-label": say("step", { name: panel.name }) });
  const play = make("button", { type: "button", class: "play", ...suppressed });
  const words = make("div", { class: "merge" });
  let timer = 0;
  const go = (step) => {
    const steps = [...state.steps];
    steps[at] = clamp(step, 0, last);
    store.set({ steps, moved: true });
  };
  const label = () => {
    play.textContent = timer ? "❚❚" : "▶";
    play.setAttribute("aria-label", say(timer ? "pause" : "play"));
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    label();
  };
  function start() {
    if (state.steps[at] === last) go(0);
    timer = setInterval(
      () => {
        go(state.steps[at] + 1);
        // a view taken off the page stops by itself
        if (state.steps[at] === last || !input.isConnected) stop();
      },
      clamp(6000 / last, 80, 700),
    );
    label();
  }
  play.addEventListener("click", () => (timer ? stop() : start()), { signal });
  input.addEventListener("input", () => go(Number(input.value)), { signal });
  input.addEventListener("change", () => store.set({ spoken: ["step", at] }), { signal });
  signal.addEventListener("abort", stop);
  label();

  function sentence() {
    const step = state.steps[at];
    if (step === 0) return say("step_none");
    if (!state.moved) return say("step_all", { step });
    const [rank, id, from, middle, to, count] = panel.merges[step - 1];
    return say("step_says", { step, last, rank, id, count, ...mergeNames(text, from, middle, to) });
  }
  function show() {
    input.value = state.steps[at];
    input.setAttribute("aria-valuetext", sentence());
    words.textContent = sentence();
  }
  const box = make("div", { class: "stepper" }, play, input, words);
  return { box, show, sentence };
}
