// Text to tokens and back in the page: `minillm/tokenizer` and the world's words.

// How GPT-2 cuts text into words before BPE, as in `minillm/tokenizer/bpe.py`.
const WORD = /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

// encode(text) gives {ids, unknown}: `unknown` lists what the vocabulary does not have.
function createTokenizer(described) {
  if (described.kind === "bpe") return bpe(described);
  return described.kind === "words" ? wordByWord(described) : byCharacter(described);
}

function bpe({ merges, labels }) {
  const made = new Map(merges.map(([a, b], i) => [a * 65536 + b, 256 + i]));
  const bytes = Array.from({ length: 256 }, (_, i) => [i]);
  for (const [a, b] of merges) bytes.push([...bytes[a], ...bytes[b]]);
  const utf8 = new TextEncoder();
  const text = new TextDecoder("utf-8", { fatal: true });
  function join(ids) {
    for (;;) {
      let first = Infinity;
      for (let i = 0; i + 1 < ids.length; i++) {
        first = Math.min(first, made.get(ids[i] * 65536 + ids[i + 1]) ?? Infinity);
      }
      if (first === Infinity) return ids;
      const out = [];
      for (let i = 0; i < ids.length; i++) {
        const makes = i + 1 < ids.length && made.get(ids[i] * 65536 + ids[i + 1]) === first;
        out.push(makes ? first : ids[i]);
        if (makes) i += 1;
      }
      ids = out;
    }
  }
  return {
    encode: (written) => ({
      ids: (written.match(WORD) ?? []).flatMap((word) => join([...utf8.encode(word)])),
      unknown: [],
    }),
    // What a token adds to the text; a piece of a split character is shown by its bytes.
    shown(id) {
      try {
        return text.decode(Uint8Array.from(bytes[id] ?? []));
      } catch {
        return labels[id];
      }
    },
  };
}

function byCharacter({ pieces }) {
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  return {
    encode(written) {
      const letters = Array.from(written);
      const unknown = letters.filter((letter) => !ids.has(letter));
      return { ids: unknown.length ? [] : letters.map((letter) => ids.get(letter)), unknown };
    },
    shown: (id) => pieces[id],
  };
}

// The world: words and signs. A capital that no word has is that of its sentence; Chinese, which
// puts no spaces, is cut into the longest words that fit.
function wordByWord({ pieces, end }) {
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const spaced = pieces.some((piece) => /^[a-z]{2,}$/.test(piece)); // all but "<end>"
  function longest(text) {
    const found = [];
    for (let at = 0; at < text.length; ) {
      let size = text.length - at;
      while (size > 0 && !ids.has(text.slice(at, at + size))) size -= 1;
      if (size === 0) return null;
      found.push(text.slice(at, at + size));
      at += size;
    }
    return found;
  }
  return {
    encode(written) {
      const words = written.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
      const unknown = [];
      const known = words.flatMap((word) => {
        if (ids.has(word)) return [word];
        const small = word[0].toLowerCase() + word.slice(1);
        if (ids.has(small)) return [small];
        const cut = spaced ? null : longest(word);
        if (cut === null) unknown.push(word);
        return cut ?? [];
      });
      return { ids: unknown.length ? [] : known.map((word) => ids.get(word)), unknown };
    },
    shown: (id) => (spaced && id !== end && !/^[.,:;!?)]$/.test(pieces[id]) ? ` ${pieces[id]}` : pieces[id]),
  };
}
