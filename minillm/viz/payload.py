"""The attention view's bytes: all heads whole where they fit, else all pooled and a few whole."""

from collections.abc import Iterable

import numpy as np

from minillm.viz import encode
from minillm.viz.frames import Frames

BUDGET = 1_500_000  # bytes of base64 in one display
TILE = 64  # side of a pooled head
_WORTH_TRYING = 4  # deflate rarely saves more than this factor; past it the attempt is a waste


def pack(frames: Frames, wanted: Iterable[tuple[int, int]]) -> tuple[dict, bytes]:
    """The layout (for the header) and the buffer; `wanted` heads, best first, stay whole if pooled.

    Whole: one zlib stream of all heads. Pooled: a stream of tiles, `tiles` bytes long, then a
    stream of the whole heads. `minillm/viz/js/attention/data.js` reads both.
    """
    F, L, H, T, S = frames.weights.shape
    causal = encode.is_causal(frames.weights)
    size = F * L * H * T * S // (2 if causal else 1)
    if size <= _WORTH_TRYING * BUDGET:
        codes = encode.encode(frames.weights).reshape(-1, T, S)
        buffer = encode.deflate(encode.interleave(codes, causal))
        if _base64_size(buffer) <= BUDGET:
            return {"causal": causal, "tiles": None}, buffer
    pooled = [
        encode.pool(encode.encode(layer).reshape(-1, T, S), TILE, TILE)
        for frame in frames.weights
        for layer in frame
    ]
    tiles = encode.deflate(encode.interleave(np.concatenate(pooled), causal))
    kept: list[tuple[int, int]] = []
    used = len(tiles)
    for head in dict.fromkeys(wanted):
        used += len(whole_heads(frames, [head], causal))
        if kept and 4 * used / 3 > BUDGET:
            break
        kept.append(head)
    layout = {"causal": causal, "tiles": len(tiles), "tile": list(pooled[0].shape[1:])}
    return {**layout, "whole": [list(head) for head in kept]}, tiles + whole_heads(
        frames, kept, causal
    )


def whole_heads(frames: Frames, heads: list[tuple[int, int]], causal: bool) -> bytes:
    """Some heads of every frame, deflated: frame by frame, in the order of `heads`."""
    chosen = np.concatenate([frames.weights[:, layer, [head]] for layer, head in heads], axis=1)
    codes = encode.encode(chosen).reshape(-1, *chosen.shape[-2:])
    return encode.deflate(encode.interleave(codes, causal))


def _base64_size(buffer: bytes) -> int:
    return 4 * len(buffer) // 3
