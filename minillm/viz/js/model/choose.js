// From logits to the next token, cut as in `../next_token/cuts.js`.

// All tokens, likeliest first: {id, p, kept}. `p` is over the whole vocabulary, at the temperature;
// at 0, where the first is taken, it is that of 1.
function ranked(logits, options) {
  const ids = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  const d = Float64Array.from(ids, (id) => logits[id] - logits[ids[0]]);
  const row = { d, V: d.length, alive: d.length, tail: () => [0, 0] };
  const found = distribution(row, options.temperature || 1);
  const { kept } = cutList(found, row, options);
  return ids.map((id, i) => ({ id, p: found.p[i], kept: i < kept }));
}

// Draws one of the kept; `chance` is a number from 0 to 1.
function draw(list, chance) {
  const kept = list.filter((token) => token.kept);
  let left = chance * kept.reduce((total, token) => total + token.p, 0);
  return (kept.find((token) => (left -= token.p) < 0) ?? kept[0]).id;
}

// How surprised a model was, in bits, that `id` came.
function surprise(logits, id) {
  const list = ranked(logits, { temperature: 1, topK: null, topP: 1 });
  return -Math.log2(list.find((token) => token.id === id).p);
}
