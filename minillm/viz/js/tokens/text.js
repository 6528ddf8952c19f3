// The text as bytes and characters, and what any stretch of its bytes is called.

function readText(header, bytes) {
  const starts = []; // of each character; no other byte of UTF-8 looks like 10xxxxxx
  bytes.forEach((byte, i) => (byte & 0xc0) !== 0x80 && starts.push(i));
  const charOf = new Uint32Array(bytes.length);
  starts.forEach((start, c) => charOf.fill(c, start, starts[c + 1] ?? bytes.length));
  const endOf = (c) => starts[c + 1] ?? bytes.length;
  const hex = (from, to) =>
    Array.from(bytes.subarray(from, to), (b) => b.toString(16).toUpperCase().padStart(2, "0"));

  // The parts of bytes [from, to): {text} where characters are whole, {hex} where they are cut.
  function parts(from, to) {
    const found = [];
    let at = from;
    while (at < to) {
      const c = charOf[at];
      const stop = Math.min(endOf(c), to);
      const whole = at === starts[c] && stop === endOf(c);
      const last = found.at(-1);
      // a mark with nothing before it in this token stands by itself, as does a joiner at its end
      const alone = header.alone[c];
      const lonely = alone && (!last?.text || (stop === to && alone.startsWith("U+")));
      const text = whole && (lonely ? alone : header.glyphs[c]);
      if (whole && last?.text) last.text += text;
      else found.push(whole ? { text } : { hex: hex(at, stop).join("·") });
      at = stop;
    }
    return found;
  }

  const name = (from, to) =>
    parts(from, to)
      .map((part) => part.text ?? part.hex)
      .join("·") || "∅";
  // Whether a token begins or ends within a character.
  const cutsBefore = (at) => at < bytes.length && at !== starts[charOf[at]];
  // The characters that these bytes are of.
  function glyphs(from, to) {
    const [first, last] = [charOf[from], charOf[to - 1]];
    if (first === last) return header.alone[first] ?? header.glyphs[first];
    return header.glyphs.slice(first, last + 1).join("");
  }
  return { bytes, parts, name, cutsBefore, glyphs, hex, isBreak: (at) => bytes[at] === 10 };
}

// One tokenizer's cuts. `gone[i]` is the merge that takes away the place before byte i; -1 if none
// does, 0 if there never was one.
function readPanel(panel, text) {
  const { gone, merges } = panel;
  const n = gone.length;
  // [from, to) of each token after so many merges
  function tokensAt(step) {
    const ends = [];
    for (let i = 1; i < n; i++) if (gone[i] < 0 || gone[i] > step) ends.push(i);
    return [0, ...ends].map((from, i) => [from, ends[i] ?? n]);
  }
  // The last merge within a token: where it joined, or null.
  function joinIn(from, to) {
    let best = from;
    let latest = 0;
    for (let i = from + 1; i < to; i++) if (gone[i] > latest) latest = gone[(best = i)];
    return latest ? best : null;
  }
  // A token's id: the merge that made it, the byte itself, or what the tokenizer said.
  function idOf([from, to], index) {
    if (!merges.length) return panel.ids?.[index] ?? null;
    const at = joinIn(from, to);
    return at === null ? text.bytes[from] : merges[gone[at] - 1][1];
  }
  // All joins that made a token, in the order of the merges: [from, middle, to, rank].
  function history(from, to) {
    const at = joinIn(from, to);
    if (at === null) return [];
    const own = [from, at, to, merges[gone[at] - 1][0]];
    return [...history(from, at), ...history(at, to), own].sort((a, b) => a[3] - b[3]);
  }
  return { ...panel, tokensAt, idOf, history };
}
