// The next-token view put together.

const PASSING = new Set(["rank", "cell", "spoken"]); // what comes and goes with the pointer

VIEWS.next_token = async ({ model, el }) => {
  const header = model.get("header");
  const say = speaker(model.get("strings"));
  const data = await readExpected(header, asBytes(model.get("buffer")));
  const { box, host, signal, end } = stage(el, "next_token", model.get("lang"));
  const start = readChoices(model, data);
  const store = createStore(
    { ...start, shown: STEP, rank: null, cell: null, spoken: null, size: 0, colours: null },
    signal,
  );
  const { state } = store;
  const context = { model, header, data, store, say, signal };
  const strip = header.text ? textStrip(context) : null;
  const lens = data.L > 1 ? lensGrid(context) : null;
  const [mass, bars, panelKnobs] = [massStrip(context), barsTable(context), knobs(context)];
  const title = make("h3");
  const words = make("div", { class: "readout" });
  const live = make("div", { class: "unseen", "aria-live": "polite" });
  const dims = make("span", {}, say("dims", { vocabulary: counted(data.V) }));
  const bar = make("div", { class: "bar" }, make("strong", {}, say("title")), dims);
  const list = make("div", { class: "list" }, mass.box, bars.box);
  const halves = make("div", { class: "halves" }, panelKnobs.box, list, panelKnobs.facts);
  const lensBox = lens ? [make("h4", {}, say("layers")), lens.box, lens.hint] : [];
  box.append(bar, ...(strip ? [strip.box] : []), title, words, halves, ...lensBox, live);
  let now = null;

  store.subscribe((changed) => {
    if (!state.size) return;
    if (changed.has("size")) {
      box.classList.toggle("wide", state.size >= 760);
      mass.resize(list.clientWidth);
      lens?.resize(state.size - 32);
    }
    if ([...changed].every((name) => PASSING.has(name))) bars.mark();
    else {
      now = current(context);
      title.textContent = placeName(context);
      bars.draw(now, title.textContent);
      panelKnobs.draw(now);
    }
    mass.draw(now, state.colours);
    if (strip && changed.has("token")) strip.show();
    if (["size", "colours", "token", "layer", "choice", "cell"].some((name) => changed.has(name))) {
      lens?.draw(state.colours);
    }
    words.replaceChildren(...sentences(context, now, lens).map((text) => make("div", {}, text)));
    if (changed.has("spoken") && state.spoken) {
      live.textContent = spokenText(context, now, lens, panelKnobs);
      state.spoken = null; // so that the same kind of news can come again
    }
  });
  keepLook(host, box, store, signal);
  strip?.show();
  follow(context);
  const picture = () =>
    expectedPicture({ now, data, state, say, title: title.textContent, words: panelKnobs.words() });
  bar.append(...pictureButtons("next_token", picture, say, signal));
  return end;
};

// The selection as the script has it, within what there is.
function readChoices(model, data) {
  const id = model.get("choice");
  return {
    token: clamp(model.get("token") ?? data.T, 1, data.T),
    layer: clamp(model.get("layer") ?? data.L - 1, 0, data.L - 1),
    choice: Number.isInteger(id) && id >= 0 && id < data.V ? id : null,
    temperature: data.whole ? model.get("temperature") : data.nearest(model.get("temperature")),
    topK: model.get("top_k"),
    topP: model.get("top_p"),
  };
}

// Everything about the chosen place: its row, its distribution, the cuts, what to list in any case.
function current({ header, data, store }) {
  const { state } = store;
  const [l, t] = [state.layer, state.token - 1];
  const row = data.row(l, t);
  const dist = distribution(row, state.temperature);
  const plain = distribution(row, data.nearest(1));
  const came = header.text?.[t + 1] ?? null;
  const truest = row.truth ? likeliestTruths(row) : [];
  const ids = [came, state.choice].filter((id) => id !== null);
  const wanted = [...ids.map((id) => row.rankOf(id)), ...truest].filter((rank) => rank >= 0);
  return { l, t, row, dist, plain, cut: cutList(dist, row, state), came, wanted };
}

// The three tokens that the truth holds likeliest, by rank.
function likeliestTruths(row) {
  const some = [...row.d.keys()].filter((rank) => row.truth(rank) > 0.001);
  return some.sort((a, b) => row.truth(b) - row.truth(a)).slice(0, 3);
}

function follow({ model, data, store, signal }) {
  const same = Object.fromEntries(["token", "layer", "choice", "temperature"].map((n) => [n, n]));
  const names = { ...same, topK: "top_k", topP: "top_p" };
  let [waiting, telling] = [0, false];
  signal.addEventListener("abort", () => clearTimeout(waiting));
  store.subscribe((changed) => {
    const chosen = Object.keys(names).filter((name) => changed.has(name));
    telling = true; // each is told by itself: the others are still to come
    chosen.forEach((name) => model.set(names[name], store.state[name]));
    telling = false;
    if (!chosen.length) return;
    clearTimeout(waiting); // a slider moves sixty times a second; a kernel need not hear of each
    waiting = setTimeout(() => model.save_changes(), 120);
  });
  const told = () => telling || store.set(readChoices(model, data));
  for (const name of Object.values(names)) {
    model.on(`change:${name}`, told);
    signal.addEventListener("abort", () => model.off(`change:${name}`, told));
  }
}
