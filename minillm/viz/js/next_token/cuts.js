// Temperature, top-k, top-p: `minillm/viz/cuts.py` once more, on the sorted list.

// Probabilities over the whole vocabulary at a temperature; `rest` is what tokens not sent hold.
function distribution(row, temperature) {
  const p = new Float64Array(row.d.length);
  if (temperature === 0) {
    p[0] = 1;
    return { p, rest: 0, entropy: 0, logSum: null };
  }
  const [rest, below] = row.tail(temperature);
  let [sum, mean] = [rest, below];
  row.d.forEach((d, i) => {
    p[i] = Math.exp(d / temperature);
    sum += p[i];
    if (p[i] > 0) mean += d * p[i];
  });
  for (let i = 0; i < p.length; i++) p[i] /= sum;
  const entropy = Math.max(0, Math.log(sum) - mean / sum / temperature) / Math.LN2;
  return { p, rest: rest / sum, entropy, logSum: Math.log(sum) };
}

// What may be drawn: the first `kept` of the list, which held `mass`. `ends` are the cuts that bite.
// `beyond`: the cut lies among tokens that were not sent, so it keeps more than `kept`.
function cutList({ p, entropy }, row, { temperature, topK, topP }) {
  if (temperature === 0) {
    const ends = row.V > 1 ? [{ at: 1, name: "t" }] : [];
    return { kept: 1, mass: 1, massK: 1, ends, beyond: false, entropy: 0 };
  }
  const K = p.length;
  const sum = (to) => (to >= row.V ? 1 : p.subarray(0, to).reduce((a, b) => a + b, 0));
  let kept = Math.min(topK ?? row.V, row.V);
  const ends = kept < row.alive ? [{ at: kept, name: "k" }] : [];
  let beyond = kept > K && kept < row.V;
  const massK = sum(kept);
  if (topP < 1 || topK !== null) {
    let [running, i] = [0, 0];
    for (; i < Math.min(kept, K); i++) {
      const share = p[i] / massK;
      running += share;
      if (running - share >= topP) break;
    }
    beyond = i === K && K < kept && (running < topP || topP === 1);
    if (topP < 1 && i < kept && !beyond && i < row.alive) ends.push({ at: i, name: "p" });
    kept = i;
  }
  kept = Math.min(kept, row.alive);
  const all = kept === row.alive;
  const mass = all ? 1 : beyond ? Math.max(topP * massK, sum(Math.min(kept, K))) : sum(kept);
  const left = all ? entropy : beyond ? null : drawnEntropy(p, kept, mass);
  return { kept, mass, massK, ends, beyond, entropy: left };
}

function drawnEntropy(p, kept, mass) {
  let sum = 0;
  for (let i = 0; i < kept; i++) if (p[i] > 0) sum -= p[i] * Math.log2(p[i]);
  return Math.max(0, sum / mass + Math.log2(mass));
}

const drawn = (cut, p, rank) => (rank < cut.kept || cut.beyond ? p / cut.mass : 0);
