// The sorted list: a bar each, the cuts as lines across it, what is left out as exact sums.

const STEP = 12; // tokens more each time

function barsTable({ header, data, store, say, signal }) {
  const { state } = store;
  const caption = make("caption", { class: "unseen" });
  const head = make("tr");
  const body = make("tbody");
  const table = make("table", { class: "bars" }, caption, make("thead", {}, head), body);
  const box = panel(say("table"), table);
  box.setAttribute("role", "group"); // what is inside reads well as a table
  const button = (key) => make("button", { type: "button", ...suppressed }, say(key));
  const [more, less] = [button("more"), button("less")];
  more.addEventListener("click", () => store.set({ shown: 2 * state.shown }), { signal });
  less.addEventListener("click", () => store.set({ shown: STEP }), { signal });
  let ranks = [];

  function draw(now, title) {
    const { row, dist, cut, came, wanted } = now;
    const cutting = cut.beyond || cut.kept < row.alive;
    const items = listItems({ shown: state.shown, wanted, ends: cut.ends, row });
    ranks = items.filter((item) => item.rank !== undefined).map((item) => item.rank);
    const truth = row.truth ?? (() => 0);
    const longest = (rank) => Math.max(drawn(cut, dist.p[rank], rank), dist.p[rank], truth(rank));
    const full = Math.max(1e-12, ...ranks.map(longest));
    const columns = ["token", null, "p", cutting ? "drawn" : null, row.truth ? "truth" : null];
    const names = columns.filter((name, i) => name || i === 1);
    head.replaceChildren(
      ...names.map((name) =>
        name ? make("th", { scope: "col", class: name }, say(`column_${name}`)) : make("td"),
      ),
    );
    caption.textContent = title;
    const line = (item) => {
      if (item.end) return cutLine(item.end, names.length);
      if (item.rank === undefined) return gapLine(item, now, names.length);
      return tokenLine(item.rank, now, full, cutting, came);
    };
    body.replaceChildren(...items.map(line));
    more.hidden = state.shown >= Math.min(data.K, row.alive);
    less.hidden = state.shown === STEP;
    mark();
  }

  // The line under the pointer or the keyboard's cursor.
  function mark() {
    body.querySelector(".now")?.classList.remove("now");
    body.querySelector(`[data-rank="${state.rank}"]`)?.classList.add("now");
  }

  function tokenLine(rank, { row, dist, cut }, full, cutting, came) {
    const id = row.ids[rank];
    const [p, then] = [dist.p[rank], drawn(cut, dist.p[rank], rank)];
    const long = (value) => `${((100 * value) / full).toFixed(3)}%`;
    const wide = (value) => `width:${long(value)}`;
    const bar = make("div", { class: "track" });
    if (then > p) bar.append(make("i", { class: "drawn", style: wide(then) }));
    bar.append(make("i", { class: then > 0 ? "full" : "full cut", style: wide(p) }));
    const truth = row.truth?.(rank);
    if (truth > 0) bar.append(make("i", { class: "true", style: `left:${long(truth)}` }));
    const number = (value, name) => make("td", { class: `number ${name}` }, share(value));
    const line = make(
      "tr",
      { "data-rank": rank, "aria-current": id === state.choice ? "true" : null },
      make("th", { scope: "row", class: "token", dir: "auto" }, data.label(id)),
      make("td", { class: "cell" }, bar),
      number(p, "p"),
      cutting ? number(then, "drawn") : null,
      row.truth ? number(truth, "truth") : null,
    );
    line.classList.toggle("came", id === came);
    line.classList.toggle("away", then === 0);
    return line;
  }

  const gapLine = ({ from, to }, { dist }, span) => {
    const mass = share(massBetween(dist, from, to, data.V));
    const text = say(to === data.V ? "tail" : "gap", { count: counted(to - from), share: mass });
    return make("tr", { class: "gap" }, make("td", { colspan: span }, text));
  };
  const cutLine = ({ name }, span) => {
    const values = { k: state.topK, p: state.topP };
    const text = say(`cut_${name}`, { [name]: values[name] });
    return make("tr", { class: "end" }, make("td", { colspan: span }, make("span", {}, text)));
  };

  const rankAt = (event) => {
    const line = event.target.closest?.("[data-rank]");
    return line ? Number(line.dataset.rank) : null;
  };
  const hover = (rank) => store.set({ rank });
  table.addEventListener("pointermove", (event) => hover(rankAt(event)), { signal });
  table.addEventListener("pointerleave", () => hover(null), { signal });
  const pin = (rank) => {
    if (rank === null) return;
    const id = data.row(state.layer, state.token - 1).ids[rank];
    store.set({ choice: id === state.choice ? null : id, spoken: "token" });
  };
  table.addEventListener("click", (event) => pin(rankAt(event)), { signal });
  box.addEventListener("blur", () => hover(null), { signal });
  const move = (by) => {
    const at = ranks.indexOf(state.rank);
    const next = at < 0 ? (by > 0 ? 0 : ranks.length - 1) : clamp(at + by, 0, ranks.length - 1);
    store.set({ rank: ranks[next], spoken: "token" });
  };
  onKeys(
    box,
    {
      ArrowUp: () => move(-1),
      ArrowDown: () => move(1),
      Enter: () => pin(state.rank),
      Escape: () => store.set({ choice: null, rank: null }),
    },
    signal,
  );
  return { box: make("div", {}, box, make("div", { class: "tools" }, more, less)), draw, mark };
}
