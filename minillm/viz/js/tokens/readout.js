// A token in words: its bytes, its id, how it was made.

// A token's name in a sentence, kept from turning the sentence round if it is written right to left.
const quoted = (name) => `\u2068“${name}”\u2069`;

// A join in words: what stood left and right of the middle, and both.
function mergeNames(text, from, middle, to) {
  const name = (start, end) => quoted(text.name(start, end));
  return { left: name(from, middle), right: name(middle, to), both: name(from, to) };
}

function describe({ panels, text, say, store }, focus) {
  if (!focus) return { line: say("rest"), made: [] };
  const panel = panels[focus.panel];
  const tokens = panel.tokensAt(store.state.steps[focus.panel]);
  const index = tokens.findIndex(([from]) => from === focus.from);
  if (index < 0) return { line: say("rest"), made: [] };
  const [from, to] = tokens[index];
  const id = panel.idOf([from, to], index);
  const values = {
    token: quoted(text.name(from, to)),
    position: index,
    count: tokens.length,
    bytes: text.hex(from, to).join(" "),
  };
  const line = say("token", values) + (id === null ? "" : say("space") + say("token_id", { id }));
  const made = panel.history(from, to).map(([a, middle, b, rank]) => {
    return say("made", { rank, ...mergeNames(text, a, middle, b) });
  });
  return { line, made };
}

// How many tokens, and how much each holds.
function countWords(panel, tokens, text, say) {
  const values = { tokens: tokens.length, bytes: text.bytes.length };
  const each = (text.bytes.length / tokens.length).toFixed(2);
  const counts = say("counts", { ...values, each });
  return panel.vocabulary === null
    ? counts
    : `${counts} · ${say("vocabulary", { size: panel.vocabulary })}`;
}

// All tokens as a table, made when it is opened.
function tokenTable({ panels, text, say, store, signal }) {
  const summary = make("summary", suppressed, say("table"));
  const named = { role: "region", "aria-label": say("table"), tabindex: 0 }; // it may scroll
  const place = make("div", { ...named, ...suppressed });
  const details = make("details", { class: "table" }, summary, place);
  const cell = (content) => make("td", { dir: "auto" }, String(content));
  function fill() {
    if (!details.open) return;
    const heads = ["table_position", "table_token", "table_bytes", "table_id"];
    place.replaceChildren(
      ...panels.map((panel, at) => {
        const rows = panel.tokensAt(store.state.steps[at]).map(([from, to], i) => {
          const id = panel.idOf([from, to], i) ?? "";
          const cells = [i, text.name(from, to), text.hex(from, to).join(" "), id];
          return make("tr", {}, ...cells.map(cell));
        });
        const head = heads.map((key) => make("th", { scope: "col" }, say(key)));
        const top = make("thead", {}, make("tr", {}, ...head));
        return make("table", {}, make("caption", {}, panel.name), top, make("tbody", {}, ...rows));
      }),
    );
  }
  details.addEventListener("toggle", fill, { signal });
  return { details, fill };
}
