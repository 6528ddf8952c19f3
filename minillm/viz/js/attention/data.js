// The payload unpacked: `minillm/viz/payload.py` packs it.

// N matrices whose rows lie interleaved: row 0 of all, then row 1, ...; causal rows stop at themselves.
function separate(bytes, count, rows, columns, causal) {
  const matrices = Array.from({ length: count }, () => new Uint8Array(rows * columns));
  let at = 0;
  for (let t = 0; t < rows; t++) {
    const length = causal ? t + 1 : columns;
    for (const matrix of matrices) {
      matrix.set(bytes.subarray(at, at + length), t * columns);
      at += length;
    }
  }
  return matrices;
}

async function readAttention(header, buffer) {
  const [F, L, H, T, S] = header.shape;
  const { causal, tiles, tile } = header;
  const index = (frame, layer, head) => (frame * L + layer) * H + head;
  const whole = new Array(F * L * H).fill(null);
  const keep = (heads, matrices) =>
    matrices.forEach((matrix, i) => {
      const [layer, head] = heads[i % heads.length];
      whole[index(Math.floor(i / heads.length), layer, head)] = matrix;
    });
  let small = null;
  if (tiles === null) {
    separate(await inflate(buffer), F * L * H, T, S, causal).forEach((m, i) => (whole[i] = m));
  } else {
    const pooled = await inflate(buffer.subarray(0, tiles));
    small = separate(pooled, F * L * H, tile[0], tile[1], causal);
    const rest = await inflate(buffer.subarray(tiles));
    keep(header.whole, separate(rest, F * header.whole.length, T, S, causal));
  }
  // Prompts that differ have labels of their own; otherwise one list serves every frame.
  const of = (lists, frame) => lists[lists.length > 1 ? frame : 0];
  const cut = (list) => (header.readers ? list : list.slice(S - T));
  return {
    F,
    L,
    H,
    T,
    S,
    causal,
    crossed: Boolean(header.readers),
    pooled: small !== null,
    whole: (frame, layer, head) => whole[index(frame, layer, head)],
    // What the overview draws: the head itself, or its tile.
    tile: (frame, layer, head) =>
      small
        ? { codes: small[index(frame, layer, head)], rows: tile[0], columns: tile[1] }
        : { codes: whole[index(frame, layer, head)], rows: T, columns: S },
    add: async (head, bytes) =>
      keep([head], separate(await inflate(asBytes(bytes)), F, T, S, causal)),
    readLabels: (frame) => of(header.read, frame),
    readWords: (frame) => of(header.readWords, frame),
    readerLabels: (frame) => cut(of(header.readers ?? header.read, frame)),
    readerWords: (frame) => cut(of(header.readerWords ?? header.readWords, frame)),
    // The position in the text of the first reader and of the first key.
    firstReader: header.start + (header.readers ? 0 : S - T),
    firstKey: header.start,
  };
}

const sameHead = (a, b) => a && b && a[0] === b[0] && a[1] === b[1];
