// What the model expects: rows of logits, each sorted once, the likeliest first.

// Reads what `pack` in `minillm/viz/expected.py` wrote.
async function readExpected(header, buffer) {
  const raw = await inflate(buffer);
  const [L, T, V] = header.shape;
  const K = header.kept;
  const whole = K === V;
  const G = header.temperatures.length;
  let at = 0;
  const take = (Kind, count) => {
    at += 4 * count;
    return new Kind(raw.buffer, raw.byteOffset + at - 4 * count, count);
  };
  const sent = whole ? null : take(Uint32Array, L * T * K);
  const logits = take(Float32Array, L * T * K);
  const tails = whole ? null : take(Float32Array, L * T * G * 2);
  const truth = header.truth ? take(Float32Array, T * K) : null;
  const rows = new Map();

  function sorted(n) {
    const values = logits.subarray(n * K, (n + 1) * K);
    if (!whole) return [sent.subarray(n * K, (n + 1) * K), values];
    const ids = Uint32Array.from(values.keys());
    const byLogit = (a, b) => (values[b] > values[a] ? 1 : values[b] < values[a] ? -1 : a - b);
    ids.sort(byLogit);
    return [ids, Float32Array.from(ids, (id) => values[id])];
  }

  // Layer l after text[t]: ids by rank, how far each logit is below the highest, how many can come.
  function row(l, t) {
    const n = l * T + t;
    if (rows.has(n)) return rows.get(n);
    const [ids, values] = sorted(n);
    const d = Float64Array.from(values, (value) => value - values[0]);
    const possible = d.findIndex((x) => x === -Infinity);
    const made = {
      ids,
      d,
      V,
      top: values[0],
      alive: possible < 0 ? V : possible,
      // sums over the tokens that were not sent, at a temperature of the list
      tail(temperature) {
        const g = header.temperatures.indexOf(temperature);
        return whole || g < 0 ? [0, 0] : [tails[2 * (n * G + g)], tails[2 * (n * G + g) + 1]];
      },
      truth: truth && ((rank) => truth[t * K + (whole ? ids[rank] : rank)]),
      rankOf: (id) => ids.indexOf(id),
    };
    rows.set(n, made);
    return made;
  }

  const label = (id) => header.labels[id] ?? `#${id}`;
  // A list of temperatures is exact where not all was sent: another one goes to the nearest.
  const nearest = (temperature) =>
    header.temperatures.reduce((a, b) =>
      Math.abs(b - temperature) < Math.abs(a - temperature) ? b : a,
    );
  return { L, T, V, K, whole, row, label, nearest };
}

// A share of the whole with three digits: "43.2%", "0.0123%".
function share(p) {
  const hundred = 100 * p;
  if (hundred === 0 || hundred === 100) return `${hundred}%`;
  if (hundred < 0.0001) return "<0.0001%";
  const digits = hundred > 99.5 ? 2 : clamp(2 - Math.floor(Math.log10(hundred)), 1, 4);
  return `${hundred.toFixed(digits)}%`;
}

const bits = (value) => (value === null || value === Infinity ? "∞" : value.toFixed(2));

const counted = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

// A token's name in a sentence, kept from turning the sentence round if it is written right to left.
const quoted = (text) => `\u2068“${text}”\u2069`;
