// What may be done to weights before they are shown. Matrices are Float32Array, row after row.

function meanOf(matrices) {
  if (matrices.length === 1) return matrices[0];
  const mean = new Float32Array(matrices[0].length);
  for (const matrix of matrices) for (let i = 0; i < mean.length; i++) mean[i] += matrix[i];
  return mean.map((sum) => sum / matrices.length);
}

// The first key taken out, the rest of each row scaled up to one: what a head does besides resting.
// A row that had nothing else stays empty.
function hideFirst(p, rows, columns) {
  const out = new Float32Array(p);
  for (let t = 0; t < rows; t++) {
    const start = t * columns;
    let rest = 0;
    for (let s = 1; s < columns; s++) rest += p[start + s];
    const total = rest + p[start];
    out[start] = 0;
    for (let s = 1; s < columns; s++)
      out[start + s] = rest > 1e-6 ? (p[start + s] * total) / rest : 0;
  }
  return out;
}

// Pieces of a word as one: what is read adds up, what reads is averaged, so rows still sum to one.
function mergeWords(p, rowWords, columnWords) {
  const rows = rowWords.at(-1) - rowWords[0] + 1;
  const columns = columnWords.at(-1) - columnWords[0] + 1;
  const out = new Float32Array(rows * columns);
  const pieces = new Float32Array(rows);
  rowWords.forEach((word) => (pieces[word - rowWords[0]] += 1));
  rowWords.forEach((rowWord, t) => {
    const base = (rowWord - rowWords[0]) * columns;
    columnWords.forEach((word, s) => {
      out[base + word - columnWords[0]] +=
        p[t * columnWords.length + s] / pieces[rowWord - rowWords[0]];
    });
  });
  return out;
}

function mergeLabels(labels, words) {
  const merged = [];
  labels.forEach((label, i) => {
    const word = words[i] - words[0];
    merged[word] = (merged[word] ?? "") + label;
  });
  return merged;
}

// Attention through the layers, the residual path counted as half (Abnar and Zuidema 2020):
// the product over layers of (I + mean over heads) / 2.
function rollout(layers, size) {
  let gathered = null;
  for (const mean of layers) {
    const step = new Float32Array(size * size);
    for (let t = 0; t < size; t++) {
      for (let k = 0; k < size; k++) {
        const weight = (mean[t * size + k] + (t === k ? 1 : 0)) / 2;
        if (weight === 0) continue;
        if (!gathered) step[t * size + k] = weight;
        else for (let s = 0; s < size; s++) step[t * size + s] += weight * gathered[k * size + s];
      }
    }
    gathered = step;
  }
  return gathered;
}

// The heads on show of one frame as one matrix, with its labels.
function frameMatrix(data, frame, heads, { sink, merge, followed }) {
  const { H, T, S } = data;
  const readers = data.readerLabels(frame);
  const read = data.readLabels(frame);
  if (!heads.every(([l, h]) => data.whole(frame, l, h))) {
    const tiles = heads.map(([l, h]) => data.tile(frame, l, h));
    const { rows, columns } = tiles[0];
    const p = meanOf(tiles.map((tile) => decodeCodes(tile.codes)));
    const startsR = Array.from({ length: rows }, (_, k) => Math.floor((k * T) / rows));
    const startsC = Array.from({ length: columns }, (_, k) => Math.floor((k * S) / columns));
    return {
      p,
      rows,
      columns,
      pooled: true,
      readers: startsR.map((t) => readers[t]),
      read: startsC.map((s) => read[s]),
      readerAt: (t) => data.firstReader + startsR[t],
      readAt: (s) => data.firstKey + startsC[s],
    };
  }
  const decoded = (l, h) => decodeCodes(data.whole(frame, l, h));
  let p = followed
    ? rollout(
        Array.from({ length: heads[0][0] + 1 }, (_, l) =>
          meanOf(Array.from({ length: H }, (_, h) => decoded(l, h))),
        ),
        T,
      )
    : meanOf(heads.map(([l, h]) => decoded(l, h)));
  if (sink) p = hideFirst(p, T, S);
  const [readerAt, readAt] = [(t) => data.firstReader + t, (s) => data.firstKey + s];
  if (!merge) return { p, rows: T, columns: S, readers, read, readerAt, readAt };
  const [rowWords, columnWords] = [data.readerWords(frame), data.readWords(frame)];
  const [rowLabels, columnLabels] = [
    mergeLabels(readers, rowWords),
    mergeLabels(read, columnWords),
  ];
  return {
    p: mergeWords(p, rowWords, columnWords),
    rows: rowLabels.length,
    columns: columnLabels.length,
    readers: rowLabels,
    read: columnLabels,
    // a word stands where its first piece stands
    readerAt: (t) => data.firstReader + rowWords.indexOf(t + rowWords[0]),
    readAt: (s) => data.firstKey + columnWords.indexOf(s + columnWords[0]),
  };
}

// What the view shows: one matrix of shares, or the difference of two, and the codes to draw it by.
function shownMatrix(data, state) {
  const heads = state.preview ? [state.preview] : state.chosen;
  const options = { sink: state.sink, merge: state.merge, followed: state.followed };
  const shown = frameMatrix(data, state.frame, heads, options);
  shown.causal = data.causal;
  shown.signed = state.versus !== null;
  if (shown.signed) {
    const other = frameMatrix(data, state.versus, heads, options);
    if (other.p.length === shown.p.length) shown.p = shown.p.map((p, i) => p - other.p[i]);
  }
  const low = state.threshold;
  const code = shown.signed ? encodeSigned : encodeShare;
  const nothing = code(0);
  shown.codes = Uint8Array.from(shown.p, (p) => (Math.abs(p) < low ? nothing : code(p)));
  return shown;
}
