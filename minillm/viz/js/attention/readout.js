// What is looked at, in words: a line to see, a line to hear, and the pinned row as a table.

// A token's name in a sentence, kept from turning the sentence round if it is written right to left.
const quoted = (text, position) => `\u2068“${text}”\u2069 (${position})`;

function signedPoints(difference) {
  const points = 100 * difference;
  return `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(Math.abs(points) < 9.95 ? 1 : 0)}`;
}

const amountOf = (shown, share) => (shown.signed ? signedPoints(share) : percent(share));

// The largest entries of a row or a column: [index, share], by size.
function strongest(shown, focus, most) {
  const { p, rows, columns } = shown;
  const entries =
    focus.row !== null
      ? Array.from({ length: columns }, (_, s) => [s, p[focus.row * columns + s]])
      : Array.from({ length: rows }, (_, t) => [t, p[t * columns + focus.column]]);
  const seen = entries.filter(([, share]) => Math.abs(share) >= 0.0005);
  return seen.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, most);
}

function sentence(shown, focus, say) {
  if (!focus) return say("rest");
  const reader = (t) => quoted(shown.readers[t], shown.readerAt(t));
  const read = (s) => quoted(shown.read[s], shown.readAt(s));
  if (focus.row !== null && focus.column !== null) {
    if (shown.causal && shown.readAt(focus.column) > shown.readerAt(focus.row)) {
      return say("cell_future", { reader: reader(focus.row), read: read(focus.column) });
    }
    const share = shown.p[focus.row * shown.columns + focus.column];
    const key = shown.signed ? "cell_signed" : shown.pooled ? "cell_pooled" : "cell";
    return say(key, {
      reader: reader(focus.row),
      read: read(focus.column),
      share: amountOf(shown, share),
    });
  }
  const [name, one, key] =
    focus.row !== null ? [read, reader(focus.row), "row"] : [reader, read(focus.column), "column"];
  const parts = strongest(shown, focus, 4).map(
    ([i, share]) => `${name(i)} ${amountOf(shown, share)}`,
  );
  return say(parts.length ? key : `${key}_empty`, { token: one, list: parts.join(say("comma")) });
}

function readoutParts({ say }) {
  const line = make("div", { class: "readout" });
  const live = make("div", { class: "unseen", "aria-live": "polite" });
  const caption = make("caption");
  const body = make("tbody");
  const header = ["table_read", "table_position", "table_share"].map((key) =>
    make("th", { scope: "col" }, say(key)),
  );
  const summary = make("summary", { "data-lm-suppress-shortcuts": "true" }, say("table"));
  const table = make(
    "details",
    { class: "table" },
    summary,
    make("table", {}, caption, make("thead", {}, make("tr", {}, ...header)), body),
  );

  // The pinned row, twelve entries at most and the rest summed.
  function fillTable(shown, pin) {
    const row = pin?.row ?? null;
    table.hidden = row === null || row >= shown.rows;
    if (table.hidden) return;
    caption.textContent = say("table_caption", {
      token: quoted(shown.readers[row], shown.readerAt(row)),
    });
    const entries = strongest(shown, { row, column: null }, 12);
    const cells = entries.map(([s, share]) => [
      shown.read[s],
      shown.readAt(s),
      amountOf(shown, share),
    ]);
    const total = shown.p
      .slice(row * shown.columns, (row + 1) * shown.columns)
      .reduce((a, b) => a + b, 0);
    const rest = total - entries.reduce((sum, [, share]) => sum + share, 0);
    if (Math.abs(rest) >= 0.0005) cells.push([say("table_rest"), "", amountOf(shown, rest)]);
    body.replaceChildren(
      ...cells.map(([token, position, share]) =>
        make(
          "tr",
          {},
          make("td", { dir: "auto" }, token),
          make("td", {}, String(position)),
          make("td", {}, share),
        ),
      ),
    );
  }
  return { line, live, table, fillTable };
}
