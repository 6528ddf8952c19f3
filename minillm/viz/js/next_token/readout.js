// What is looked at, in words: the place in the text, and the token under the pointer or pinned.

function placeName({ header, data, store, say }) {
  const { token, layer } = store.state;
  const where = header.text
    ? say("after", { token: quoted(lastWords(header, token)) })
    : say("first");
  return layer === data.L - 1 ? where : `${where} (${say("layer_name", { layer })})`;
}

// The end of what has been read, as much of it as fits a line.
function lastWords({ read, gaps }, token) {
  let [text, i] = ["", token];
  while (i > 0 && text.length < 30) {
    i -= 1;
    text = (gaps[i] ? " " : "") + read[i] + text;
  }
  return (i > 0 ? `… ${text}` : text).trim();
}

function sentences(context, now, lens) {
  const { state } = context.store;
  const second =
    state.cell && lens
      ? lens.says(state.cell)
      : tokenSays(context, now, state.rank ?? rankOfChoice(state, now));
  return [placeSays(context, now), second ?? context.say("point")];
}

const rankOfChoice = (state, { row }) => (state.choice === null ? null : row.rankOf(state.choice));

// Sentences one after another; Chinese puts no space between them.
const joined = (say, ...parts) => parts.filter(Boolean).join(say("space"));

// What came, how surprising that was and how unsure the model had been, at temperature 1.
function placeSays({ header, data, say }, now) {
  const { t, plain, came } = now;
  const even = (2 ** plain.entropy).toFixed(1);
  const unsure = say(plain.entropy < 0.02 ? "sure" : "unsure", { bits: bits(plain.entropy), even });
  if (!header.text) return unsure;
  if (came === null) return joined(say, say("next_one"), unsure);
  const token = quoted(data.label(came));
  const [rank, p] = placeOf(header, data, now);
  if (rank < 0) return joined(say, say("unlisted", { token, kept: data.K }), unsure);
  const surprise = p > 0 ? bits(-Math.log2(p)) : bits(null);
  const values = { token, bits: surprise, share: share(p), rank: counted(rank + 1) };
  const floor = header.floor && say("came_floor", { bits: bits(header.floor[t]) });
  return joined(say, say("came", values), floor, unsure);
}

// Rank and probability of what came; if it was not among those sent, from its line in the header.
function placeOf(header, data, { t, l, row, plain, came }) {
  const rank = row.rankOf(came);
  if (rank >= 0 || l < data.L - 1) return [rank, plain.p[rank]];
  const [number, logit] = header.came[t];
  return [number, Math.exp(logit - row.top - plain.logSum)];
}

function tokenSays({ data, say, store }, { row, dist, cut }, rank) {
  if (rank === null) return null;
  const token = quoted(data.label(rank < 0 ? store.state.choice : row.ids[rank]));
  if (rank < 0) return say("unlisted", { token, kept: data.K });
  const p = dist.p[rank];
  const values = { token, rank: counted(rank + 1), share: share(p) };
  const text = say("token_says", { ...values, drawn: share(drawn(cut, p, rank)) });
  return joined(say, text, row.truth && say("token_truth", { share: share(row.truth(rank)) }));
}

function spokenText(context, now, lens, panelKnobs) {
  const { state } = context.store;
  if (state.spoken === "cut") return panelKnobs.words();
  if (state.spoken === "token")
    return tokenSays(context, now, state.rank ?? rankOfChoice(state, now)) ?? "";
  if (state.spoken === "cell") return lens.says([now.l, now.t]);
  return joined(context.say, placeName(context), placeSays(context, now));
}
