// What the cursor stands on: as numbers beside the names, as a sentence to hear, as a table.

// A value as it reads: a number, "not a number", or a dash where nothing was said.
function valueText(value, say, key) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return say("gap");
  if (key === "speed") return whole(value);
  return key === "regret" ? minus(value.toFixed(3)) : number(value);
}

const rowOf = (run, cursor) => cursor?.rows[run.index] ?? null;

// The two losses of a run at the cursor, each with its name.
function lossesAt(run, cursor, say) {
  const row = rowOf(run, cursor);
  const parts = [];
  for (const [name, key] of [
    ["loss", "loss"],
    ["val_loss", "held_out"],
  ]) {
    if (!run.columns[name]) continue;
    const value = row === null ? null : lastSaid(run.columns[name], row);
    const figure = make("b", { class: name }, valueText(value, say));
    parts.push(make("span", {}, name === "loss" && !run.name ? null : `${say(key)} `, figure));
  }
  return parts;
}

// "Step 137 · 105,216 tokens · 9.3 s"
function placeText(cursor, say) {
  const { columns } = cursor.lead;
  const parts = [say("at", { step: whole(cursor.step) })];
  if (columns.tokens) parts.push(say("at_tokens", { tokens: whole(columns.tokens[cursor.row]) }));
  const seconds = columns.seconds?.[cursor.row];
  if (seconds < 100) parts.push(say("at_seconds", { seconds: seconds.toFixed(1) }));
  else if (seconds) parts.push(say("at_minutes", { minutes: tickText(seconds / 60) }));
  return parts.join(" · ");
}

function spokenText(cursor, runs, say) {
  const said = runs
    .filter((run) => rowOf(run, cursor) !== null)
    .map((run) => {
      const words = lossesAt(run, cursor, say).map((part) => part.textContent);
      return `${run.name || say("loss")} ${words.join(", ")}`;
    });
  return `${placeText(cursor, say)}. ${said.join(". ")}.`;
}

// The numbers of a small plot at the cursor, in their lines' colours and behind their markers.
function smallValues(plot, cursor, say) {
  const { key, run, lines } = plot;
  if (run) {
    if (plot.layer === null) return [];
    const column = firstAt(run.mapSteps, cursor.step + 1e-9) - 1;
    const norm = column >= 0 ? run.norms[plot.layer][column] : null;
    return [
      make(
        "span",
        {},
        say("layer_is", { layer: run.layers[plot.layer], norm: valueText(norm, say) }),
      ),
    ];
  }
  return lines.map((line) => {
    const row = rowOf(line.run, cursor);
    const value =
      row === null ? null : lastSaid(key === "speed" ? (line.soft ?? line.ys) : line.ys, row);
    const text = valueText(value, say, key);
    const figure = make("b", { style: `color:${line.look.colour}` }, text);
    if (key !== "regret") return make("span", {}, figure);
    const sign = swatch(line.look, 12, true, "none");
    return make("span", {}, sign, `${kindName(line.kind, say)} `, figure);
  });
}

// A kind of the world's choices in the reader's language; other kinds keep their names.
const kindName = (kind, say) => say(`kind_${kind}`).replace(/^kind_/, "");

const ROWS = 12;
const TABLED = ["step", "loss", "val_loss", "lr", "grad_norm"];
const TABLED_AS = { val_loss: "held_out" };

// A dozen steps of each run; the rest is in the CSV.
function tableParts({ say, sceneOf, signal }) {
  const body = make("div", { class: "tables" });
  const summary = make("summary", suppressed, say("table"));
  const box = make("details", { class: "table" }, summary, body);
  function fill() {
    if (!box.open) return;
    body.replaceChildren(
      ...sceneOf().visible.map((run) => {
        const names = TABLED.filter((name) => run.columns[name]);
        const heads = names.map((name) =>
          make("th", { scope: "col" }, say(TABLED_AS[name] ?? name)),
        );
        const count = Math.min(ROWS, run.rows);
        const rows = Array.from({ length: count }, (_, i) =>
          Math.round(((run.rows - 1) * (i + 1)) / count),
        );
        const lines = rows.map((row) =>
          make(
            "tr",
            {},
            ...names.map((name) => {
              const value = lastSaid(run.columns[name], row);
              return make("td", {}, name === "step" ? whole(value) : valueText(value, say));
            }),
          ),
        );
        const caption = say("table_caption", { name: run.name || say("run") });
        return make(
          "table",
          {},
          make("caption", { dir: "auto" }, caption),
          make("thead", {}, make("tr", {}, ...heads)),
          make("tbody", {}, ...lines),
        );
      }),
    );
  }
  box.addEventListener("toggle", fill, { signal });
  return { box, fill };
}
