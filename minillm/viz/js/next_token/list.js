// The sorted list as it is shown, and how far the model is from the truth.

// KL(truth, model) in bits, from the truth's entropy and its mean logit; exact at any temperature.
function divergence(header, l, t, { logSum }, temperature) {
  const mean = header.truthLogit[l][t];
  if (mean === null || logSum === null) return Infinity;
  return Math.max(0, (logSum - mean / temperature) / Math.LN2 - header.truthEntropy[t]);
}

// The list as it is shown: tokens by rank, what lies between them as one line, and the cuts.
function listItems({ shown, wanted, ends, row }) {
  const [K, V] = [row.d.length, row.V];
  const first = Array.from({ length: Math.min(shown, K, row.alive) }, (_, rank) => rank);
  const ranks = [...new Set([...first, ...wanted])].sort((a, b) => a - b);
  const items = [];
  let at = 0;
  const moveTo = (to) => {
    at = to;
    items.push(...ends.filter((end) => end.at === at).map((end) => ({ end })));
  };
  const skipTo = (to) => {
    while (at < to) {
      const stop = Math.min(to, ...ends.map((end) => end.at).filter((end) => end > at));
      const single = stop - at === 1 && at < Math.min(K, row.alive);
      items.push(single ? { rank: at } : { from: at, to: stop });
      moveTo(stop);
    }
  };
  for (const rank of ranks) {
    skipTo(rank);
    items.push({ rank });
    moveTo(rank + 1);
  }
  skipTo(V);
  return items;
}

// The probability between two ranks; the end of the list holds what was not sent.
function massBetween({ p, rest }, from, to, V) {
  const sum = p.subarray(from, to).reduce((a, b) => a + b, 0);
  return to === V ? sum + rest : sum;
}
