// One text in the making: what was read so far, and what the model thought at each token of it.

function createSession(header, buffer) {
  const gpt = createGPT(header.config, unpackWeights(header.weights, buffer));
  const tokenizer = createTokenizer(header.tokenizer);
  const { end } = header.tokenizer;
  const ids = []; // token by token
  const seen = []; // seen[t] = {logits, shares} after token t
  let typed = 0; // as many tokens at the start are the reader's

  const add = (id) => {
    seen.push(gpt.read(id));
    ids.push(id);
  };
  return {
    ids,
    seen,
    shown: tokenizer.shown,
    get typed() {
      return typed;
    },
    get full() {
      return ids.length >= header.config.context;
    },
    get ended() {
      return end !== null && ids.length > 1 && ids.at(-1) === end;
    },
    add,
    // Makes the text what the reader typed; what it shares with the last one is not read again.
    // Returns what went wrong: words that are unknown, or how many tokens are too many.
    type(written) {
      const { ids: wanted, unknown } = tokenizer.encode(written);
      if (unknown.length) return { unknown };
      const all = end === null ? wanted : [end, ...wanted];
      const over = all.length - header.config.context + 1;
      if (over > 0) return { over };
      let same = 0;
      while (same < ids.length && ids[same] === all[same]) same += 1;
      ids.length = seen.length = same;
      gpt.rewind(same);
      all.slice(same).forEach(add);
      typed = all.length;
      return null;
    },
  };
}
