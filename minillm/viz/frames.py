"""What an attention view shows: one or several passes, their weights and their tokens, matched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minillm.viz.weights import LIMIT, check_weights, stack_layers

Tokens = Sequence[str | bytes]


@dataclass(frozen=True, kw_only=True)
class Frames:
    """F passes (checkpoints, models or prompts) of one shape."""

    names: list[str]
    weights: np.ndarray  # (F, L, H, T, S) float32
    readers: list[list[str | bytes]]  # F lists of T tokens, the queries
    read: list[list[str | bytes]]  # F lists of S tokens, the keys
    crossed: bool  # the keys are another text
    start: int = 0  # position of the first key shown, where a window was cut


def gather(
    weights: object,
    tokens: Tokens | Mapping[str, Tokens],
    keys: Tokens | Mapping[str, Tokens] | None,
    window: tuple[int, int] | None,
) -> Frames:
    """Check weights and tokens against each other; `minillm.viz.attention` says what they are."""
    passes = dict(weights) if isinstance(weights, Mapping) else {"": weights}
    if not passes:
        raise ValueError("The weights are an empty dict; expected {name: weights}.")
    names = [str(name) for name in passes]
    arrays = [stack_layers(part) for part in passes.values()]
    for name, array in zip(names, arrays, strict=True):
        if array.shape != arrays[0].shape:
            raise ValueError(
                f"{name!r} has weights of shape {array.shape} but {names[0]!r} has "
                f"{arrays[0].shape}: passes shown together need the same (L, H, T, S)."
            )
    T, S = arrays[0].shape[2:]
    texts = _per_pass(tokens, passes, "tokens")
    others = None if keys is None else _per_pass(keys, passes, "keys")
    readers, read = [], []
    for i, text in enumerate(texts):
        _match(text, T, S, crossed=others is not None)
        if others is not None and len(others[i]) != S:
            raise ValueError(f"{len(others[i])} keys for weights over {S} keys (layer 0 head 0).")
        readers.append(text[-T:])
        read.append(text if others is None else others[i])
    whole = Frames(
        names=names,
        weights=arrays[0][None] if len(arrays) == 1 else np.stack(arrays),
        readers=readers,
        read=read,
        crossed=others is not None,
    )
    _check_length(T, S, window)
    for name, array in zip(names, arrays, strict=True):
        check_weights(array, name or None)
    return whole if window is None else _cut(whole, *window)


def _per_pass(tokens: object, passes: Mapping, what: str) -> list[list[str | bytes]]:
    """The tokens of every pass, given once for all or in a dict of the same names."""
    if isinstance(tokens, Mapping):
        if set(tokens) != set(passes):
            raise ValueError(f"{what} has names {sorted(tokens)}, weights {sorted(passes)}.")
        lists = [tokens[name] for name in passes]
    else:
        lists = [tokens] * len(passes)
    for text in lists:
        if isinstance(text, (str, bytes)):
            raise TypeError(f"{what} is one {type(text).__name__}; expected a list, one a token.")
        for position, token in enumerate(text):
            if not isinstance(token, (str, bytes)):
                raise TypeError(
                    f"{what}[{position}] is {type(token).__name__} {token!r}; "
                    "expected str or bytes."
                )
    return [list(text) for text in lists]


def _match(text: list, T: int, S: int, *, crossed: bool) -> None:
    """Refuse tokens that are not the weights' readers: T of them, or S with a cache's last rows."""
    if not text:
        raise ValueError(
            "No tokens: layer 0 head 0 has no position to show. Pass a text of one token or more."
        )
    expected = T if crossed else S
    if len(text) == expected and (crossed or T <= S):
        return
    rows = f"{T} readers" if crossed else f"{T} readers and {S} keys"
    more = f"; position {expected} has no weights" if len(text) > expected else ""
    raise ValueError(
        f"{len(text)} tokens for weights of {rows} in layer 0 head 0, shape ({T}, {S}){more}. "
        + ("" if crossed or T == S else "Pass the S tokens read, or keys= for cross-attention.")
    )


def _check_length(T: int, S: int, window: tuple[int, int] | None) -> None:
    if window is None:
        if max(T, S) > LIMIT:
            raise ValueError(
                f"{max(T, S)} tokens; a view shows at most {LIMIT:,}: layer 0 head 0 position "
                f"{LIMIT} is too far. Choose a part, for example window=(0, {LIMIT})."
            )
        return
    start, stop = window
    if not 0 <= start < stop <= S:
        raise ValueError(f"window={window} of {S} tokens; expected 0 <= start < stop <= {S}.")
    if stop - start > LIMIT:
        raise ValueError(f"window={window} is {stop - start} tokens; at most {LIMIT:,}.")


def _cut(whole: Frames, start: int, stop: int) -> Frames:
    """The readers and keys inside the window; what is read outside it stays unseen."""
    T, S = whole.weights.shape[3:]
    if whole.crossed:
        raise ValueError("window= is for self-attention; cut cross-attention's arrays yourself.")
    first = S - T  # position of the first reader
    rows = slice(max(start - first, 0), max(stop - first, 0))
    if rows.start >= rows.stop:
        raise ValueError(f"window=({start}, {stop}) holds none of the readers, {first} to {S - 1}.")
    return Frames(
        names=whole.names,
        weights=whole.weights[..., rows, start:stop],
        readers=[text[rows] for text in whole.readers],
        read=[text[start:stop] for text in whole.read],
        crossed=False,
        start=start,
    )
