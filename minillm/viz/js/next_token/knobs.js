// Temperature, top-k and top-p: each a slider with its effect in words, and what comes of all three.

const ROUND = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8]; // times 1, 10, 100: the stops of top-k

function knobs({ header, data, store, say, signal }) {
  const { state } = store;
  // where the sliders stop, the value that was asked for among them
  const stops = (values, own) => [...new Set([...values, own])].sort((a, b) => a - b);
  const counts = [1, 10, 100].flatMap((ten) => ROUND.map((one) => one * ten));
  const possible = counts.filter((k) => Number.isInteger(k) && k < data.V && k <= data.K);
  const limit = Math.min(state.topK ?? 1, data.V);
  const shares = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
  const temperature = slider("temperature", "temperature", header.temperatures);
  const topK = slider("top_k", "topK", [...stops(possible, limit), null]);
  const topP = slider("top_p", "topP", stops([...shares, 1], state.topP));
  const reset = make("button", { type: "button", ...suppressed }, say("reset"));
  const uncut = { temperature: data.nearest(1), topK: null, topP: 1 };
  reset.addEventListener("click", () => store.set({ ...uncut, spoken: "cut" }), { signal });
  const sum = make("div", { class: "sum" });
  const facts = make("dl");

  // A slider over a list of values; null is "off".
  function slider(word, name, values) {
    const input = make("input", {
      type: "range",
      min: 0,
      max: values.length - 1,
      step: 1,
      ...suppressed,
    });
    const output = make("output", { class: "value" });
    const effect = make("div", { class: "soft effect" });
    input.addEventListener("input", () => store.set({ [name]: values[Number(input.value)] }), {
      signal,
    });
    input.addEventListener("change", () => store.set({ spoken: "cut" }), { signal });
    const label = make("label", {}, make("span", {}, say(word)), input, output);
    const show = (text, words) => {
      // a value set from Python may lie between two of the list
      const value = state[name] ?? Infinity;
      const at = values.findIndex((other) => (other ?? Infinity) >= value);
      input.value = at < 0 ? values.length - 1 : at;
      input.setAttribute("aria-valuetext", text);
      output.textContent = text;
      effect.textContent = words;
    };
    return { box: make("div", { class: "knob" }, label, effect), show };
  }

  function draw({ l, t, row, dist, plain, cut }) {
    const { temperature: heat, topK: k, topP: p } = state;
    const change = { before: bits(plain.entropy), after: bits(dist.entropy) };
    const effect = heat === 0 ? "greedy" : heat === 1 ? "as_is" : heat < 1 ? "sharper" : "flatter";
    temperature.show(String(heat), say(effect, change));
    if (k === null || k >= data.V) topK.show(say("off"), say("top_k_off"));
    else topK.show(String(k), say("top_k_says", { k, share: share(cut.massK) }));
    if (p === 1) topP.show(say("off"), say("top_p_off"));
    else topP.show(String(p), say("top_p_says", { p: percent(p) }));
    const count = { kept: counted(cut.kept), vocabulary: counted(data.V) };
    sum.textContent = say(cut.beyond ? "kept_beyond" : "kept", count);
    const inBits = (value) => `${bits(value)} ${say("bits")}`;
    const lines = [[cut.entropy === null ? "?" : inBits(cut.entropy), say("kept_entropy")]];
    const cutting = cut.beyond || cut.kept < row.alive;
    if (cutting) {
      const away = share(Math.max(0, 1 - cut.mass));
      lines.unshift([share(cut.mass), say("kept_mass")], [away, say("cut_mass")]);
    }
    if (header.truth) {
      const above = divergence(header, l, t, dist, heat);
      lines.push([inBits(above), say("divergence"), say("divergence_title")]);
      const lost = [...row.d.keys()].reduce(
        (sum, i) => sum + (drawn(cut, 1, i) ? 0 : row.truth(i)),
        0,
      );
      if (cutting) lines.push([share(Math.min(1, lost)), say("truth_cut")]);
    }
    facts.replaceChildren(
      ...lines.map(([number, name, title]) =>
        make("div", { title }, make("dd", {}, number), make("dt", {}, name)),
      ),
    );
  }
  const heading = make("div", { class: "heading" }, make("strong", {}, say("knobs")), reset);
  const parts = [heading, temperature.box, topK.box, topP.box, sum];
  const words = () => {
    const { temperature: heat, topK: k, topP: p } = state;
    const values = [
      [say("temperature"), heat],
      [say("top_k"), k ?? say("off")],
      [say("top_p"), p],
    ];
    return [...values.map((pair) => pair.join(" ")), sum.textContent].join(" · ");
  };
  return {
    box: make("div", { class: "knobs" }, ...parts),
    facts: make("div", { class: "facts" }, facts, make("p", { class: "soft" }, say("nothing"))),
    draw,
    words,
  };
}
