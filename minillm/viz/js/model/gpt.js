// A GPT in plain JavaScript, one token at a time: `minillm/models/gpt.py` with a KV cache, for the
// variants that the presets use. Vectors are Float32Array; a matrix is {data, rows, columns}.

const RMS_EPSILON = 1.1920929e-7; // torch's default for float32
const LAYER_EPSILON = 1e-5;

// y = W x + b: one row of W for each number of y.
function linear(x, matrix, bias) {
  const { data, rows, columns } = matrix;
  const y = new Float32Array(rows);
  for (let r = 0, at = 0; r < rows; r++) {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += data[at++] * x[c];
    y[r] = bias ? sum + bias[r] : sum;
  }
  return y;
}

// Divides part of a vector by its root mean square, in place.
function rmsNorm(x, start, length) {
  let squares = 0;
  for (let i = start; i < start + length; i++) squares += x[i] * x[i];
  const scale = 1 / Math.sqrt(squares / length + RMS_EPSILON);
  for (let i = start; i < start + length; i++) x[i] *= scale;
  return x;
}

function layerNorm(x, gain, bias) {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  const scale = 1 / Math.sqrt(variance + LAYER_EPSILON);
  return x.map((value, i) => (value - mean) * scale * gain[i] + bias[i]);
}

// The rotation of rotary positions, in place: number i of a head pairs with i + half.
function turn(x, start, width, position) {
  const half = width / 2;
  for (let i = 0; i < half; i++) {
    const angle = position * Math.exp((-Math.log(10000) * 2 * i) / width);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const [left, right] = [x[start + i], x[start + half + i]];
    x[start + i] = left * cos - right * sin;
    x[start + half + i] = right * cos + left * sin;
  }
}

const BENDS = {
  relu2: (x) => (x > 0 ? x * x : 0),
  gelu: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

// Scores to shares that sum to one, in place.
function softmax(scores) {
  let top = -Infinity;
  for (const score of scores) top = Math.max(top, score);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i] = Math.exp(scores[i] - top);
  for (let i = 0; i < scores.length; i++) scores[i] /= sum;
  return scores;
}

// What head h of the newest token reads: its shares of the tokens so far; adds their values to `y`.
function attend(q, keys, values, count, start, width, C, y) {
  const shares = new Float32Array(count);
  for (let s = 0; s < count; s++) {
    let score = 0;
    for (let d = start; d < start + width; d++) score += q[d] * keys[s * C + d];
    shares[s] = score / Math.sqrt(width);
  }
  softmax(shares);
  for (let s = 0; s < count; s++) {
    for (let d = start; d < start + width; d++) y[d] += shares[s] * values[s * C + d];
  }
  return shares;
}

// A model that reads. `weights` holds matrices and vectors by their names in the checkpoint.
function createGPT(config, weights) {
  const { layers, heads, width: C, context } = config;
  const D = C / heads;
  const norm = (x, name) =>
    config.norm === "rms"
      ? rmsNorm(Float32Array.from(x), 0, C)
      : layerNorm(x, weights[`${name}.weight`], weights[`${name}.bias`]);
  const apply = (x, name) => linear(x, weights[`${name}.weight`], weights[`${name}.bias`]);
  const empty = () => new Float32Array(context * C);
  const caches = Array.from({ length: layers }, () => ({ keys: empty(), values: empty() }));
  let length = 0;

  function attention(x, layer, shares) {
    const qkv = apply(x, `blocks.${layer}.attention.qkv`);
    for (let start = 0; start < 2 * C; start += D) {
      // queries and keys of every head; values stay as they are
      if (config.qk_norm) rmsNorm(qkv, start, D);
      if (config.position === "rotary") turn(qkv, start, D, length);
    }
    const { keys, values } = caches[layer];
    keys.set(qkv.subarray(C, 2 * C), length * C);
    values.set(qkv.subarray(2 * C), length * C);
    const y = new Float32Array(C);
    for (let start = 0; start < C; start += D) {
      shares.push(attend(qkv, keys, values, length + 1, start, D, C, y));
    }
    return apply(y, `blocks.${layer}.attention.output`);
  }

  function mlp(x, layer) {
    const hidden = apply(x, `blocks.${layer}.mlp.up`).map(BENDS[config.mlp]);
    return apply(hidden, `blocks.${layer}.mlp.down`);
  }

  return {
    config,
    get length() {
      return length;
    },
    // Forgets all but the first `count` tokens.
    rewind: (count) => (length = count),
    // Reads a token: the logits (V) of what comes next, and shares[layer * heads + head] of the
    // tokens so far.
    read(token) {
      if (length >= context) throw new Error(`The context of ${context} tokens is full.`);
      const row = (matrix, i) => matrix.data.subarray(i * C, (i + 1) * C);
      let x = Float32Array.from(row(weights["embedding.weight"], token));
      const add = (y) => (x = x.map((value, i) => value + y[i]));
      if (config.position === "learned") add(row(weights["position.weight"], length));
      const shares = [];
      for (let layer = 0; layer < layers; layer++) {
        add(attention(norm(x, `blocks.${layer}.attention_norm`), layer, shares));
        add(mlp(norm(x, `blocks.${layer}.mlp_norm`), layer));
      }
      length += 1;
      const head = weights[config.tied ? "embedding.weight" : "head.weight"];
      return { logits: linear(norm(x, "norm"), head), shares };
    },
  };
}

// The weights as they come: `minillm/viz/model.py` packs them. A matrix lies there as a float32
// scale for each row, then its rows as signed bytes; a vector as float32.
function unpackWeights(list, buffer) {
  const weights = {};
  let at = 0;
  const floats = (count) => {
    const bytes = buffer.slice(at, (at += 4 * count));
    return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  };
  for (const [name, ...shape] of list) {
    if (shape.length === 1) {
      weights[name] = floats(shape[0]);
      continue;
    }
    const [rows, columns] = shape;
    const scales = floats(rows);
    const codes = new Int8Array(buffer.buffer, buffer.byteOffset + at, rows * columns);
    at += codes.length;
    const data = new Float32Array(codes.length);
    for (let r = 0, i = 0; r < rows; r++) {
      const scale = scales[r];
      for (const stop = i + columns; i < stop; i++) data[i] = scale * codes[i];
    }
    weights[name] = { data, rows, columns };
  }
  return weights;
}
