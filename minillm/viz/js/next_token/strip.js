// The text, a pair of small bars under each token: how surprising it was, how unsure the model was.

function textStrip({ header, store, say, signal }) {
  const { state } = store;
  const T = header.shape[1];
  const finite = [...header.surprise, ...header.entropy].filter((x) => x !== null);
  const highest = Math.max(1, ...finite);
  const height = (value) =>
    (value === undefined ? 0 : value === null ? 1 : value / highest).toFixed(4);
  const chips = Array.from({ length: T + 1 }, (_, i) => {
    const starts = i === T || header.gaps[i];
    const heights = [
      `--s:${height(header.surprise[i - 1])}`,
      `--e:${height(header.entropy[i - 1])}`,
      `--f:${height(header.floor?.[i - 1])}`,
    ];
    const title = i > 0 && i < T ? say("came_short", { bits: bits(header.surprise[i - 1]) }) : null;
    const name = starts ? "token start" : "token";
    const chip = make(
      "span",
      { class: i ? name : `${name} given`, "data-i": i, dir: "auto", title },
      i < T ? header.read[i] : "?",
    );
    chip.style.cssText = heights.join(";");
    return chip;
  });
  const list = panel(say("strip"));
  list.classList.add("strip");
  chips.forEach((chip, i) => {
    list.append(chip);
    if (header.read[i] === "↵") list.append(make("span", { class: "break" }));
  });
  let marked = null;

  function show() {
    chips[marked]?.classList.remove("now");
    const chip = chips[state.token];
    chip.classList.add("now");
    marked = state.token;
    const [top, bottom] = [list.scrollTop, list.scrollTop + list.clientHeight];
    const place = chip.offsetTop;
    if (place < top || place + chip.offsetHeight > bottom) {
      list.scrollTop = place - list.clientHeight / 2;
    }
  }
  const choose = (token) => store.set({ token: clamp(token, 1, T), spoken: "place" });
  list.addEventListener(
    "click",
    (event) => {
      const chip = event.target.closest?.("[data-i]");
      if (chip && chip.dataset.i !== "0") choose(Number(chip.dataset.i));
    },
    { signal },
  );
  onKeys(
    list,
    {
      ArrowLeft: () => choose(state.token - 1),
      ArrowRight: () => choose(state.token + 1),
      Home: () => choose(1),
      End: () => choose(T),
    },
    signal,
  );
  const key = (name) => make("span", { class: `key ${name}` }, make("i", {}), say(`key_${name}`));
  const names = header.truth ? ["surprise", "floor", "entropy"] : ["surprise", "entropy"];
  const keys = make("div", { class: "keys" }, ...names.map(key));
  const box = make("div", {}, list, keys, make("div", { class: "soft" }, say("strip_hint")));
  return { box, show };
}
