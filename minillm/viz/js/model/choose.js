// From logits to the next token, as in `minillm/generate.py`: temperature, top-k, then top-p of what
// is left.

// All tokens, likeliest first: {id, p, kept}. `p` is over the whole vocabulary, at the temperature.
function ranked(logits, { temperature, topK, topP }) {
  const ids = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  const heat = temperature || 1; // at 0 the bars are those of 1, and the first is taken
  const top = logits[ids[0]];
  const powers = ids.map((id) => Math.exp((logits[id] - top) / heat));
  const sum = powers.reduce((a, b) => a + b, 0);
  const list = ids.map((id, i) => ({ id, p: powers[i] / sum, kept: true }));
  const most = temperature === 0 ? 1 : Math.min(topK ?? list.length, list.length);
  const mass = list.slice(0, most).reduce((total, token) => total + token.p, 0);
  let before = 0;
  list.forEach((token, i) => {
    token.kept = i < most && (i === 0 || before / mass < topP);
    before += token.p;
  });
  return list;
}

// Draws one of the kept; `chance` is a number from 0 to 1.
function draw(list, chance) {
  const kept = list.filter((token) => token.kept);
  let left = chance * kept.reduce((total, token) => total + token.p, 0);
  return (kept.find((token) => (left -= token.p) < 0) ?? kept[0]).id;
}

// How surprised a model was, in bits, that `id` came.
function surprise(logits, id) {
  let top = -Infinity;
  for (const logit of logits) top = Math.max(top, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - top);
  return (Math.log(sum) + top - logits[id]) / Math.LN2;
}
