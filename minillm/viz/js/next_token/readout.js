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

// What came, how surprising that was and how unsure the model had been, at temperature 1.
function placeSays({ header, data, say }, { t, l, row, plain, came }) {
  const sure = plain.entropy < 0.02;
  const unsure = say(sure ? "sure" : "unsure", {
    bits: bits(plain.entropy),
    even: (2 ** plain.entropy).toFixed(1),
  });
  if (!header.text) return unsure;
  if (came === null) return `${say("next_one")} ${unsure}`;
  let rank = row.rankOf(came);
  let p = rank < 0 ? 0 : plain.p[rank];
  if (rank < 0 && l === data.L - 1) {
    const [number, logit] = header.came[t]; // not among those sent: its own line in the header
    rank = number;
    p = Math.exp(logit - row.top - plain.logSum);
  }
  if (rank < 0)
    return `${say("unlisted", { token: quoted(data.label(came)), kept: data.K })} ${unsure}`;
  const surprise = p > 0 ? bits(-Math.log2(p)) : "∞";
  const values = {
    token: quoted(data.label(came)),
    bits: surprise,
    share: share(p),
    rank: counted(rank + 1),
  };
  const floor = header.floor ? ` ${say("came_floor", { bits: bits(header.floor[t]) })}` : "";
  return `${say("came", values)}${floor} ${unsure}`;
}

function tokenSays({ data, say, store }, { row, dist, cut }, rank) {
  if (rank === null) return null;
  if (rank < 0)
    return say("unlisted", { token: quoted(data.label(store.state.choice)), kept: data.K });
  const p = dist.p[rank];
  const values = {
    token: quoted(data.label(row.ids[rank])),
    rank: counted(rank + 1),
    share: share(p),
  };
  const text = say("token_says", { ...values, drawn: share(drawn(cut, p, rank)) });
  return row.truth ? `${text} ${say("token_truth", { share: share(row.truth(rank)) })}` : text;
}

function spokenText(context, now, lens, panelKnobs) {
  const { state } = context.store;
  if (state.spoken === "cut") return panelKnobs.words();
  if (state.spoken === "token")
    return tokenSays(context, now, state.rank ?? rankOfChoice(state, now)) ?? "";
  if (state.spoken === "cell") return lens.says([now.l, now.t]);
  return `${placeName(context)} ${placeSays(context, now)}`;
}
