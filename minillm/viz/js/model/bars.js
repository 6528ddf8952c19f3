// What may come next: the likeliest tokens of the whole vocabulary, and what the sliders cut.

function bars(context) {
  const { say, session, store, header, signal } = context;
  const { labels } = header.tokenizer;
  const list = make("div", { class: "bars" });
  const title = make("h4");
  const rest = make("p", { class: "soft" });
  list.addEventListener(
    "click",
    (event) => {
      const id = event.target.closest("[data-id]")?.dataset.id;
      if (id === undefined || session.full || session.ended || store.state.at !== null) return;
      session.add(Number(id));
      store.set({ version: store.state.version + 1, at: null });
    },
    { signal },
  );
  const row = ({ id, p, kept }, most) => {
    const share = make("span", { class: "share" }, percent(p));
    const fill = make("span", { class: "fill", style: `width:${(100 * p) / most}%` });
    const button = make("button", { type: "button", class: kept ? "row" : "row cut", "data-id": id, ...suppressed });
    button.title = say(kept ? "take" : "cut_away");
    button.append(make("span", { class: "name" }, labels[id]), make("span", { class: "track" }, fill), share);
    return button;
  };
  return {
    box: make("div", { class: "right" }, title, list, rest),
    draw() {
      const at = context.position();
      if (!session.seen[at]) return;
      const found = context.ranked(at);
      const shown = found.slice(0, MOST_BARS);
      title.textContent = say("next", { reader: labels[session.ids[at]] });
      list.replaceChildren(...shown.map((token) => row(token, found[0].p)));
      const kept = found.filter((token) => token.kept);
      const mass = kept.reduce((total, token) => total + token.p, 0);
      const left = 1 - shown.reduce((total, token) => total + token.p, 0);
      rest.textContent = [
        say("tail", { count: Math.max(0, found.length - MOST_BARS), share: percent(Math.max(0, left)) }),
        say("kept", { count: kept.length, share: percent(mass) }),
      ].join(" ");
    },
  };
}
