// The text, token by token: tinted by what the chosen head reads from the token looked at.

function text(context) {
  const { say, signal, session, store, header } = context;
  const { state } = store;
  const list = panel(say("text_label"));
  list.classList.add("tokens");
  const live = make("div", { class: "unseen", "aria-live": "polite" });
  const legend = make("p", { class: "soft" });
  let shown = -1;

  const look = (at) => store.set({ at });
  const indexOf = (event) => {
    const index = event.target.closest?.("[data-t]")?.dataset.t;
    return index === undefined ? null : Number(index);
  };
  list.addEventListener("pointerover", (event) => indexOf(event) !== null && look(indexOf(event)), { signal });
  list.addEventListener("pointerleave", () => look(null), { signal });
  list.addEventListener("blur", () => look(null), { signal });
  const move = (by) => {
    look(clamp(context.position() + by, 0, session.ids.length - 1));
    store.set({ spoken: {} });
  };
  onKeys(
    list,
    { ArrowLeft: () => move(-1), ArrowRight: () => move(1), Escape: () => look(null) },
    signal,
  );

  function rebuild() {
    const chips = session.ids.map((id, t) => {
      const cls = t >= session.typed ? "token new" : "token";
      return make("span", { class: cls, "data-t": t }, session.shown(id));
    });
    list.replaceChildren(...chips);
    shown = state.version;
  }
  function draw(names) {
    if (state.version !== shown) rebuild();
    const at = context.position();
    const seen = session.seen[at];
    if (!seen || !state.colours) return;
    const { weights } = maps(state.colours.theme);
    const shares = seen.shares[state.layer * header.config.heads + state.head];
    Array.from(list.children).forEach((chip, t) => {
      const code = t <= at ? encodeShare(shares[t]) : 0;
      chip.style.background = t <= at ? weights.css[code] : "";
      chip.style.color = t <= at ? weights.inks[code] : "";
      chip.classList.toggle("at", t === at);
      chip.title = t <= at ? percent(shares[t]) : "";
    });
    const reader = header.tokenizer.labels[session.ids[at]];
    const best = shares.indexOf(Math.max(...shares));
    const read = header.tokenizer.labels[session.ids[best]];
    const words = say("reads", { reader, read, share: percent(shares[best]), layer: state.layer, head: state.head });
    const came = at > 0 ? surprise(session.seen[at - 1].logits, session.ids[at]).toFixed(1) : null;
    legend.textContent = came === null ? words : `${words} ${say("surprise", { reader, bits: came })}`;
    if (names.has("spoken")) live.textContent = legend.textContent;
  }
  return { box: make("div", {}, list, legend), live, draw, reading: () => legend.textContent };
}
