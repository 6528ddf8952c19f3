// The sum behind one cell, written out: five cards from two vectors to the output.

// A row of numbers as tinted cells; `strength` below 1 makes the tints paler, not the numbers.
function numbers(values, full, map, strength = 1) {
  const wide = values.length > 6;
  const cells = values.map((value) => {
    const colour = tone(map, "scores", value * strength, full);
    const style = `background:${css(colour)};color:${inkOn(colour)}`;
    return make("span", { class: "number", style }, short(value, wide ? 1 : 2));
  });
  return make("div", { class: "numbers" }, ...cells);
}

const labelled = (name, ...content) =>
  make("div", { class: "row" }, make("span", { class: "name", dir: "auto" }, name), ...content);

function card(number, title, formula, ...content) {
  const heading = make(
    "div",
    { class: "heading" },
    make("b", {}, number),
    title,
    make("i", {}, formula),
  );
  return make("section", { class: "card" }, heading, ...content);
}

function sums(data, focus, say, map) {
  const { row: t, column: s } = focus;
  const [q, k] = [data.q[t], data.k[s]];
  const D = q.length;
  const full = Math.max(largest(data.q), largest(data.k));
  const products = q.map((x, i) => x * k[i]);
  const [score, scaled, weight] = [data.scores[t][s], data.scaled[t][s], data.weights[t][s]];
  const [reader, read] = [data.readers[t], data.read[s]];
  const open = data.mask[t][s];
  const result = (text) => make("div", { class: "result" }, text);
  const powers = data.scaled[t].map((x, j) => (data.mask[t][j] ? Math.exp(x) : 0));
  const total = powers.reduce((a, b) => a + b, 0);
  return [
    card(
      1,
      say("card_scores"),
      "q · k",
      labelled(say("query_of", { token: reader }), numbers(q, full, map)),
      labelled(say("key_of", { token: read }), numbers(k, full, map)),
      labelled(say("product"), numbers(products, largest([products]), map)),
      result(say("sum_is", { value: short(score) })),
    ),
    card(2, say("card_scaled"), "÷ √D", result(`${short(score)} ÷ √${D} = ${short(scaled)}`)),
    card(
      3,
      say("card_masked"),
      "",
      result(say(open ? "may_read" : "may_not_read", { reader, read, value: short(scaled) })),
    ),
    card(
      4,
      say("card_weights"),
      "exp(x) ÷ Σ exp(x)",
      bars(data, focus, powers),
      result(
        open
          ? `exp(${short(scaled)}) ÷ ${short(total)} = ${percent(weight)}`
          : `0 ÷ ${short(total)} = 0%`,
      ),
    ),
    card(5, say("card_output"), "Σ weight · v", ...valueRows(data, focus, say, map)),
  ];
}

// The row's shares as bars, the chosen one in the accent.
function bars(data, { row, column }, powers) {
  const highest = Math.max(...data.weights[row]);
  const columns = powers.map((_, j) => {
    const share = data.weights[row][j];
    const height = `height:${Math.max(share > 0 ? 2 : 0, (44 * share) / highest).toFixed(1)}px`;
    const mark = j === column ? "bar now" : "bar";
    return make(
      "div",
      { class: "tower", title: percent(share) },
      make("div", { class: mark, style: height }),
      make("span", { dir: "auto" }, data.read[j]),
    );
  });
  return make("div", { class: "bars" }, ...columns);
}

// Each value with its share, and what they add up to.
function valueRows(data, { row, column }, say, map) {
  const full = Math.max(largest(data.v), largest(data.output));
  const rows = data.v.map((values, j) => {
    const share = data.weights[row][j];
    const line = labelled(
      data.read[j],
      make("span", { class: "share" }, data.mask[row][j] ? percent(share) : "0%"),
      numbers(values, full, map, Math.sqrt(share)),
    );
    line.classList.add("value");
    line.classList.toggle("now", j === column);
    return line;
  });
  const sum = labelled(
    say("output_of", { token: data.readers[row] }),
    make("span", { class: "share" }, "100%"),
    numbers(data.output[row], full, map),
  );
  sum.classList.add("sum");
  return [...rows, sum];
}
