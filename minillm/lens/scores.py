"""What kind of head is this? Scores computed from attention weights alone, in NumPy.

Weights are `(..., T, S)`: T readers (queries), S tokens read (keys), rows summing to one. Each
score gives one number a head, `(...)`. With fewer readers than keys (rows of a KV cache), the
readers are the last T of the S tokens. Lesson 18.
"""

from collections.abc import Sequence

import numpy as np


def _positions(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Absolute positions of the readers `(T,)` and of the tokens read `(S,)`."""
    T, S = weights.shape[-2:]
    if T > S:
        raise ValueError(f"{T} readers of {S} tokens: this score is for self-attention, T <= S.")
    return np.arange(S - T, S), np.arange(S)


def previous_token(weights: np.ndarray) -> np.ndarray:
    """Mean weight that a reader puts on the token just before it, `(..., T, S)` to `(...)`.

    Position 0 has nothing before it and is left out; NaN where there is no other reader.

    >>> float(previous_token(np.array([[1.0, 0.0], [0.75, 0.25]])))
    0.75
    """
    readers, _ = _positions(weights)
    rows = np.flatnonzero(readers > 0)
    if rows.size == 0:
        return np.full(weights.shape[:-2], np.nan)
    return weights[..., rows, readers[rows] - 1].mean(-1, dtype=np.float64)


def induction(weights: np.ndarray, tokens: Sequence[object]) -> np.ndarray:
    """Mean weight on what followed earlier copies of the reader, `(..., T, S)` to `(...)`.

    At the second A of `A B ... A` an induction head looks at B (Olsson et al. 2022,
    arXiv:2209.11895). Only readers with an earlier copy count; NaN where no token is repeated.
    `tokens` are the S tokens read (strings or ids).

    >>> float(induction(np.eye(3)[None, [0, 0, 1]], ["A", "B", "A"])[0])
    1.0
    """
    readers, keys = _positions(weights)
    if len(tokens) != keys.size:
        raise ValueError(f"{len(tokens)} tokens for weights over {keys.size} keys.")
    names = {}
    ids = np.array([names.setdefault(token, len(names)) for token in tokens])
    before = np.concatenate([[-1], ids[:-1]])  # the token just before each key
    wanted = (ids[readers][:, None] == before[None, :]) & (keys[None, :] <= readers[:, None])
    rows = np.flatnonzero(wanted.any(-1))
    if rows.size == 0:
        return np.full(weights.shape[:-2], np.nan)
    found = np.einsum("...ts,ts->...t", weights[..., rows, :], wanted[rows])
    return found.mean(-1, dtype=np.float64)


def recall(weights: np.ndarray, told: Sequence[Sequence[int]]) -> np.ndarray:
    """Mean weight on where the answer was told, `(..., T, S)` to `(...)`.

    told: for each of the T readers the positions that hold what it must say next (`earlier_copies`
    finds them in a document of the world); a reader with none is not counted, NaN where no reader
    has any. 1 is a head that looks nowhere else whenever something has to be recalled.

    >>> float(recall(np.array([[1.0, 0.0], [0.75, 0.25]]), [[], [0]]))
    0.75
    """
    T, S = weights.shape[-2:]
    if len(told) != T:
        raise ValueError(f"{len(told)} lists of positions for {T} readers; give one for each.")
    wanted = np.zeros((T, S), dtype=bool)
    for reader, positions in enumerate(told):
        if any(not 0 <= key < S for key in positions):
            raise ValueError(
                f"Reader {reader} was told at {list(positions)}; keys are 0 to {S - 1}."
            )
        wanted[reader, list(positions)] = True
    rows = np.flatnonzero(wanted.any(-1))
    if rows.size == 0:
        return np.full(weights.shape[:-2], np.nan)
    found = np.einsum("...ts,ts->...t", weights[..., rows, :], wanted[rows])
    return found.mean(-1, dtype=np.float64)


def earlier_copies(targets: Sequence[object], asked: Sequence[bool]) -> list[list[int]]:
    """For each reader that is `asked`, the positions at which its target was read before.

    targets: what each of the T readers must say next. Reader t has read the end token at position
    0 and then targets 0 to t - 1 at positions 1 to t, as a model of the world does. For a document
    of the world: `earlier_copies(document.tokens, document.kinds == RECALL)`.

    >>> earlier_copies(["red", "or", "red"], [False, False, True])
    [[], [], [1]]
    """
    return [
        [j for j in range(1, t + 1) if targets[j - 1] == target] if wanted else []
        for t, (target, wanted) in enumerate(zip(targets, asked, strict=True))
    ]


def first_token(weights: np.ndarray) -> np.ndarray:
    """Mean weight on the first token, the "sink" (Xiao et al. 2023, arXiv:2309.17453).

    In self-attention the first reader is left out: under a causal mask it has no other choice.

    >>> float(first_token(np.array([[1.0, 0.0], [0.25, 0.75]])))
    0.25
    """
    T, S = weights.shape[-2:]
    rows = slice(1, None) if T == S and T > 1 else slice(None)
    return weights[..., rows, 0].mean(-1, dtype=np.float64)


def peak(weights: np.ndarray) -> np.ndarray:
    """Mean of each reader's largest weight: how sharply a head points.

    >>> float(peak(np.array([[0.5, 0.5], [0.0, 1.0]])))
    0.75
    """
    return weights.max(-1).mean(-1, dtype=np.float64)


def entropy(weights: np.ndarray) -> np.ndarray:
    """Mean entropy of the rows, in nats: 0 looks at one token, ln S at all alike.

    >>> float(entropy(np.array([[0.5, 0.5]])).round(4))
    0.6931
    """
    positive = np.where(weights > 0, weights, 1.0)  # 0 log 0 = 0
    return -np.einsum("...ts,...ts->...t", positive, np.log(positive)).mean(-1, dtype=np.float64)


def distance(weights: np.ndarray) -> np.ndarray:
    """Mean number of tokens between a reader and what it reads, weighted by attention.

    >>> float(distance(np.array([[1.0, 0.0], [1.0, 0.0]])))
    0.5
    """
    readers, keys = _positions(weights)
    apart = np.abs(readers[:, None] - keys[None, :])
    return np.einsum("...ts,ts->...t", weights, apart).mean(-1, dtype=np.float64)


def all_scores(
    weights: Sequence[np.ndarray], tokens: Sequence[object] | None
) -> dict[str, np.ndarray]:
    """Every score by name, `(L, H, T, S)` to `(L, H)` each, a layer at a time to spare memory.

    `tokens` are the S tokens read; None means cross-attention, where positions do not compare.
    """
    kinds = {"peak": peak, "first": first_token, "entropy": entropy}
    if tokens is not None:
        kinds = {
            "previous": previous_token,
            "induction": lambda layer: induction(layer, tokens),
            "first": first_token,
            "entropy": entropy,
            "distance": distance,
        }
    return {name: np.stack([score(layer) for layer in weights]) for name, score in kinds.items()}


def rollout(weights: np.ndarray) -> np.ndarray:
    """Attention followed through the layers, `(L, H, T, T)` to `(L, T, T)`.

    Layer l holds what each position gathers from the input after layers 0 to l, the residual path
    counted as half: the product of `(I + mean over heads) / 2` (Abnar & Zuidema 2020,
    arXiv:2005.00928, section 3).

    >>> rollout(np.array([[[[1.0, 0.0], [1.0, 0.0]]]]))[0].tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    if weights.ndim != 4 or weights.shape[2] != weights.shape[3]:
        raise ValueError(
            f"Rollout follows self-attention of shape (L, H, T, T), not {weights.shape}."
        )
    steps = (weights.mean(1, dtype=np.float64) + np.eye(weights.shape[-1])) / 2
    gathered = [steps[0]]
    for step in steps[1:]:
        gathered.append(step @ gathered[-1])
    return np.stack(gathered)
