// The text itself, each token tinted by how much it is read. Hovering a token makes it the reader, or,
// where what is read is another text, the token read.

function tokenStrip({ store, signal, label, side }) {
  const { state } = store;
  const list = make("div", {
    class: "strip",
    role: "group",
    tabindex: 0,
    "aria-label": label,
    "data-lm-suppress-shortcuts": "true",
  });
  let chips = [];
  let painted = [];
  let lastMap = null;
  let offset = 0; // index of the first token that can be focused: with a KV cache the last ones read
  let count = 0;
  let scrolls = null;
  let marked = null;
  const place = (i) => (side === "row" ? { row: i, column: null } : { row: null, column: i });

  // One element a token; a gap before it where a word starts.
  function fill(labels, words, focusable) {
    offset = labels.length - focusable;
    count = focusable;
    chips = labels.map((text, i) => {
      const starts = i === 0 || !words || words[i] !== words[i - 1];
      return make(
        "span",
        { class: starts ? "token start" : "token", "data-i": i, dir: "auto" },
        text,
      );
    });
    painted = [];
    list.replaceChildren(...chips);
    scrolls = null;
  }

  // A long text scrolls to the token in focus.
  function reveal(index) {
    scrolls ??= list.scrollHeight > list.clientHeight + 1; // asked late: asking lays out the page
    const chip = scrolls ? chips[index] : null;
    if (!chip) return;
    const [top, bottom] = [
      chip.offsetTop - list.offsetTop,
      chip.offsetTop - list.offsetTop + chip.offsetHeight,
    ];
    if (top < list.scrollTop || bottom > list.scrollTop + list.clientHeight) {
      list.scrollTop = top - list.clientHeight / 2;
    }
  }

  // codes[i] colours token i; only what changed is touched.
  function paint(codes, map, at) {
    if (at !== null && at !== marked) reveal(at); // before anything changes: it asks for places
    if (map !== lastMap) painted = []; // another theme, or differences
    lastMap = map;
    chips.forEach((chip, i) => {
      const code = codes[i];
      if (painted[i] === code) return;
      painted[i] = code;
      chip.style.backgroundColor = map.css[code];
      chip.style.color = map.inks[code];
    });
    chips[marked]?.classList.remove("now");
    chips[at]?.classList.add("now");
    marked = at;
  }

  const tokenAt = (event) => {
    const chip = event.target.closest?.("[data-i]");
    const index = chip ? Number(chip.dataset.i) - offset : -1;
    return index >= 0 ? place(index) : null;
  };
  list.addEventListener("pointerover", (event) => store.set({ hover: tokenAt(event) }), { signal });
  list.addEventListener("pointerleave", () => store.set({ hover: null }), { signal });
  const pin = (found) => store.set({ pin: found, hover: null, spoken: ["pin", found] });
  list.addEventListener("click", (event) => pin(tokenAt(event)), { signal });
  list.addEventListener("blur", () => store.set({ hover: null }), { signal });
  const move = (by) => {
    const now = focusOf(state)?.[side] ?? (by > 0 ? -1 : count);
    const found = place(clamp(now + by, 0, count - 1));
    store.set({ hover: found, spoken: ["cell", found] });
  };
  onKeys(
    list,
    {
      ArrowLeft: () => move(-1),
      ArrowRight: () => move(1),
      ArrowUp: () => move(-1),
      ArrowDown: () => move(1),
      Home: () => move(-count),
      End: () => move(count),
      Enter: () => pin(focusOf(state)),
      Escape: () => pin(null),
    },
    signal,
  );
  return { list, fill, paint };
}
