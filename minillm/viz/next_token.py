"""The next-token view: the whole distribution, what sampling cuts away, and a text's surprise."""

from collections.abc import Sequence

import numpy as np

from minillm.language import say
from minillm.viz import encode
from minillm.viz.cuts import check_knobs, cut, entropy_bits
from minillm.viz.engine import View
from minillm.viz.expected import TEMPERATURES, Expected, Token, gather, kept_tokens, pack
from minillm.viz.labels import label, spelled
from minillm.viz.poster_next import next_token_poster

_NAMED = 3  # likeliest tokens in the caption
_LONGEST = 24  # characters of a token there


def next_token(
    logits: object,
    vocabulary: Sequence[Token],
    text: Sequence[int] | None = None,
    *,
    probabilities: bool = False,
    truth: object = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
) -> View:
    """Show what may come next: every token's probability, and what sampling cuts. Lesson 09.

    logits: `(V,)`; `(T, V)`, a row for each token of `text`; or `(L, T, V)`, a layer's reading each
        (a logit lens), the model's own last. Log-probabilities are logits; -inf cannot come.
    vocabulary: the V tokens, `str` or `bytes`.
    text: ids of the T tokens read; row t is what is expected after text[t].
    probabilities: `logits` holds probabilities instead, rows that sum to 1.
    truth: the true probabilities where they are known, `(V,)` or `(T, V)`, or a dict
        `{token: probability}` for each position, such as `world.oracle.next(...)` gives.
    temperature, top_k, top_p: where the sliders start; they cut as `generate.probabilities` does.
    Raises ValueError naming the position where a row is no distribution.

    Up to about a million numbers every logit is sent; of larger tables each row's likeliest tokens
    (64 to 512) and, for every temperature of the slider, exact sums over the rest.
    """
    check_knobs(temperature, top_k, top_p)
    expected = gather(logits, vocabulary, text, truth, probabilities)
    L, T, V = expected.logits.shape
    kept = kept_tokens(expected)
    temperatures = sorted({*TEMPERATURES, temperature})
    buffer, ids = pack(expected, kept, temperatures)
    known = range(V) if kept == V else sorted({*ids.ravel().tolist(), *(expected.text or [])})
    header = {
        "shape": [L, T, V],
        "kept": kept,
        "labels": {i: spelled(vocabulary[i]) for i in known},
        "temperatures": temperatures,
        **_reading(expected, vocabulary),
        **_truth(expected),
    }
    if kept < V and expected.text:
        header["came"] = _came(expected)
    if kept == V:
        header["labels"] = list(header["labels"].values())
    knobs = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    return View(
        kind="next_token",
        header=header,
        buffer=encode.deflate(buffer),
        caption=_caption(expected, header, vocabulary, knobs),
        draw=lambda: next_token_poster(expected, header, vocabulary, knobs),
        selection={"token": T, "layer": L - 1, "choice": None, **knobs},
        sections=("viz", "next_token"),
    )


def _reading(expected: Expected, vocabulary: Sequence[Token]) -> dict:
    """The text token by token: labels, words, and in bits the entropy and surprise of each."""
    logits = expected.logits[-1].astype(np.float64)
    logits -= logits.max(-1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    found = {"entropy": _bits(entropy_bits(np.exp(logs)))}
    if expected.text is None:
        return {"text": None, **found}
    read = [vocabulary[i] for i in expected.text]
    spaced = any(spelled(token)[0] == "·" for token in vocabulary)
    found["text"] = expected.text
    found["read"] = [label(token) for token in read]
    # a gap where a space was; where no token has one, each is a word of its own
    found["gaps"] = [not spaced or label(token) != spelled(token) for token in read]
    came = expected.text[1:]
    with np.errstate(divide="ignore"):
        found["surprise"] = _bits(-logs[np.arange(len(came)), came] / np.log(2))
        if expected.truth is not None:
            found["floor"] = _bits(-np.log2(expected.truth[np.arange(len(came)), came]))
    return found


def _truth(expected: Expected) -> dict:
    """What is needed for KL(truth, model) at any temperature: truth's entropy and mean logit."""
    if expected.truth is None:
        return {"truth": False}
    below = expected.logits.astype(np.float64) - expected.logits.max(-1, keepdims=True)
    possible = expected.truth > 0
    mean = (np.where(possible, below, 0.0) * expected.truth).sum(-1)  # (L, T)
    return {
        "truth": True,
        "truthEntropy": _bits(entropy_bits(expected.truth)),
        "truthLogit": [_bits(row) for row in mean],  # nats below the highest
    }


def _came(expected: Expected) -> list:
    """Rank and logit of each token that came, where not all logits are sent."""
    rows = expected.logits[-1]
    pairs = zip(rows, expected.text[1:], strict=False)
    return [
        [int((row > row[token]).sum() + (row[:token] == row[token]).sum()), float(row[token])]
        for row, token in pairs
    ]


def _bits(values: np.ndarray) -> list:
    """Numbers for JSON, seven significant digits; None stands for infinity."""
    return [float(f"{x:.7g}") if np.isfinite(x) else None for x in values]


def _caption(expected: Expected, header: dict, vocabulary: Sequence[Token], knobs: dict) -> str:
    """The picture in words: the likeliest tokens, the entropy, what the cuts leave."""
    made = cut(expected.logits[-1, -1], **knobs)
    best = [
        f"“{spelled(vocabulary[i])[:_LONGEST]}” {100 * p:.1f}%"
        for i, p in zip(made.order[:_NAMED], made.full[:_NAMED], strict=True)
        if p > 0
    ]
    V = len(made.full)
    lines = [
        say("next_token.caption", vocabulary=V, list=say("next_token.comma").join(best)),
        say("next_token.caption_entropy", bits=f"{entropy_bits(made.full):.2f}"),
    ]
    if made.kept < (made.full > 0).sum():
        share = f"{100 * made.mass:.1f}%"
        lines.append(say("next_token.caption_cut", kept=made.kept, share=share))
    surprise = [x for x in header.get("surprise", []) if x is not None]
    if surprise:
        lines.append(
            say(
                "next_token.caption_text",
                tokens=len(surprise),
                bits=f"{np.mean(surprise):.2f}",
                most=header["read"][1 + header["surprise"].index(max(surprise))][:_LONGEST],
                highest=f"{max(surprise):.1f}",
            )
        )
    return "\n".join(lines)
