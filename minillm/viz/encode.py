"""Weights as bytes: `round(255 sqrt(p))`, rows interleaved, deflated.

The square root keeps small weights: at 512 tokens linear bytes lose up to 15% of a row's mass,
these under 1%. A causal map keeps its lower triangle only. Row t of every head lies together,
because rows of one length have like values and so pack best.
"""

import zlib

import numpy as np


def encode(weights: np.ndarray) -> np.ndarray:
    """Probabilities to bytes, `round(255 sqrt(p))`.

    >>> encode(np.array([0.0, 0.25, 1.0])).tolist()
    [0, 128, 255]
    """
    return np.floor(255 * np.sqrt(np.clip(weights, 0, 1)) + 0.5).astype(np.uint8)


def decode(codes: np.ndarray) -> np.ndarray:
    """Bytes back to probabilities, `(b / 255)^2`.

    >>> decode(np.array([0, 255], dtype=np.uint8)).tolist()
    [0.0, 1.0]
    """
    return (codes.astype(np.float32) / 255) ** 2


def is_causal(weights: np.ndarray) -> bool:
    """Whether no head of `(..., T, T)` reads ahead."""
    T, S = weights.shape[-2:]
    ahead = np.triu(np.ones((T, S), dtype=bool), 1)
    return T == S and T > 1 and not any(head[ahead].any() for head in weights.reshape(-1, T, S))


def pool(codes: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """The largest code in each block, `(N, T, S)` to at most `(N, rows, columns)`.

    Block k of n covers `[floor(k size / n), floor((k + 1) size / n))`, as in the script.
    """
    for axis, count in ((1, rows), (2, columns)):
        size = codes.shape[axis]
        if size > count:
            starts = np.arange(count) * size // count
            codes = np.maximum.reduceat(codes, starts, axis=axis)
    return codes


def interleave(codes: np.ndarray, causal: bool) -> bytes:
    """`(N, T, S)` codes as bytes: row 0 of all N, then row 1, ...; a causal row ends at itself."""
    if not causal:
        return np.ascontiguousarray(codes.transpose(1, 0, 2)).tobytes()
    return b"".join(codes[:, t, : t + 1].tobytes() for t in range(codes.shape[1]))


def deflate(raw: bytes) -> bytes:
    """The smaller of two zlib streams: noise packs best by Huffman coding alone."""
    streams = []
    for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY):
        packer = zlib.compressobj(9, zlib.DEFLATED, 15, 9, strategy)
        streams.append(packer.compress(raw) + packer.flush())
    return min(streams, key=len)
