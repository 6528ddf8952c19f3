// Tokens as chips, the darker the more bytes; pieces of one character under a bracket of their own.

const shadeOf = (size) => Math.min(150, Math.round(38 * Math.log2(size)));

// A chip's content: whole characters as they are, pieces of one as bytes.
function chipContent(text, from, to) {
  return text
    .parts(from, to)
    .map((part) =>
      part.text === undefined ? make("b", {}, part.hex) : make("span", { dir: "auto" }, part.text),
    );
}

// Runs of tokens that share a character which is cut, and single tokens.
function groupsOf(tokens, text) {
  const groups = [];
  tokens.forEach(([from, to], i) => {
    if (text.cutsBefore(from)) groups.at(-1).push(i);
    else groups.push([i]);
  });
  return groups;
}

function chipList({ panel, text, store, say, signal, at }) {
  const { state } = store;
  const named = { role: "group", "aria-label": say("strip", { name: panel.name }) };
  const list = make("div", { class: "strip", tabindex: 0, ...named, ...suppressed });
  let tokens = [];
  let chips = [];

  function fill() {
    const step = state.steps[at];
    tokens = panel.tokensAt(step);
    chips = tokens.map(([from, to], i) => {
      const id = panel.idOf([from, to], i);
      const named = { class: "token", "data-i": i, "data-id": id };
      const chip = make("span", named, ...chipContent(text, from, to));
      const made = state.moved && step > 0 && panel.gone.slice(from + 1, to).includes(step);
      chip.classList.toggle("made", made);
      return chip;
    });
    list.replaceChildren();
    for (const group of groupsOf(tokens, text)) {
      const [first, last] = [tokens[group[0]], tokens[group.at(-1)]];
      const some = group.map((i) => chips[i]);
      if (group.length === 1) list.append(...some);
      else {
        const over = make("span", { class: "over", dir: "auto" }, text.glyphs(first[0], last[1]));
        const pieces = make("span", { class: "pieces" }, ...some);
        list.append(make("span", { class: "split" }, over, pieces));
      }
      if (text.isBreak(last[1] - 1)) list.append(make("span", { class: "break" }));
    }
    paint();
  }

  function paint() {
    const map = maps(state.colours.theme).weights;
    chips.forEach((chip, i) => {
      const shade = shadeOf(tokens[i][1] - tokens[i][0]);
      chip.style.backgroundColor = map.css[shade];
      chip.style.color = map.inks[shade];
    });
    list.classList.toggle("ids", state.ids);
  }

  // The token looked at is framed; what covers the same bytes elsewhere is underlined.
  function mark() {
    const focus = state.hover ?? state.pin;
    chips.forEach((chip, i) => {
      const [from, to] = tokens[i];
      const own = focus?.panel === at;
      const meets = focus && from < focus.to && to > focus.from;
      chip.classList.toggle("now", Boolean(own && from === focus.from));
      chip.classList.toggle("linked", Boolean(meets && !own));
    });
  }

  const place = (i) => ({ panel: at, from: tokens[i][0], to: tokens[i][1] });
  const chipAt = (event) => {
    const chip = event.target.closest?.("[data-i]");
    return chip ? place(Number(chip.dataset.i)) : null;
  };
  const look = (found) => {
    const [a, b] = [found, state.hover];
    if (a?.from !== b?.from || a?.panel !== b?.panel) store.set({ hover: found });
  };
  list.addEventListener("pointerover", (event) => look(chipAt(event)), { signal });
  list.addEventListener("pointerleave", () => look(null), { signal });
  list.addEventListener("blur", () => look(null), { signal });
  const pin = (found) => store.set({ pin: found, hover: null, spoken: ["pin"] });
  list.addEventListener("click", (event) => pin(chipAt(event)), { signal });
  const cursor = () => {
    const focus = state.hover ?? state.pin;
    return focus?.panel === at ? tokens.findIndex(([from]) => from === focus.from) : -1;
  };
  const go = (i) => store.set({ hover: place(clamp(i, 0, tokens.length - 1)), spoken: ["token"] });
  const move = (by) => go(cursor() < 0 && by < 0 ? tokens.length - 1 : cursor() + by);
  const keys = {
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    ArrowUp: () => move(-1),
    ArrowDown: () => move(1),
    Home: () => go(0),
    End: () => go(tokens.length),
    Enter: () => cursor() >= 0 && pin(place(cursor())),
    Escape: () => pin(null),
  };
  onKeys(list, keys, signal);
  return { list, fill, paint, mark, tokens: () => tokens, place };
}
