"""A model inside the page: it reads and writes with no kernel.

The weights travel as one signed byte each with a scale for every row, and `js/model/gpt.js` runs
them. `dequantised` gives the very numbers it computes with.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from minillm.language import say
from minillm.tokenizer import BPETokenizer, ByteTokenizer, CharTokenizer, Tokenizer
from minillm.viz.engine import View
from minillm.viz.labels import label
from minillm.viz.poster import INK, MUTED, drawable, fonts, png

# What gpt.js knows, by field of the model's config.
KNOWN = {
    "position": ("none", "learned", "rotary"),
    "norm": ("layer", "rms"),
    "norm_place": ("before",),
    "mlp": ("gelu", "relu2"),
}
SHAPE = ("vocab_size", "context", "layers", "heads", "width", "qk_norm", "tied")


def model(
    config: Mapping[str, object],
    weights: Mapping[str, np.ndarray],
    tokenizer: Tokenizer,
    *,
    prompts: Sequence[str],
    name: str = "",
) -> View:
    """A model to type to: tokens, heads, next-token bars, and it writes.

    config, weights: of a minillm GPT, as `lens.record.weights(model)` gives them.
    prompts: texts to begin with; the first is read at once.
    Raises ValueError for a variant that the page cannot run, and for a prompt that the tokenizer
    cannot read or that is longer than the context.
    """
    for field, values in KNOWN.items():
        if config[field] not in values:
            raise ValueError(
                f"A page cannot run {field}={config[field]!r}; it knows {', '.join(values)}."
            )
    if not prompts:
        raise ValueError("There is no prompt; give at least one text to begin with.")
    for prompt in prompts:
        count = len(tokenizer.encode(prompt)) + (tokenizer.end is not None)
        if not 0 < count < config["context"]:
            raise ValueError(
                f"The prompt {prompt!r:.60} makes {count} tokens; "
                f"expected 1 to {config['context'] - 1}."
            )
    buffer = b"".join(_packed(array) for array in weights.values())
    count = sum(array.size for array in weights.values())
    size = {"layers": config["layers"], "heads": config["heads"], "weights": f"{count:,}"}
    header = {
        "config": {field: config[field] for field in (*SHAPE, *KNOWN)},
        "weights": [[name, *array.shape] for name, array in weights.items()],
        "tokenizer": _described(tokenizer),
        "prompts": list(prompts),
        "name": name,
        "size": say("model.size", **size),
    }
    caption = say("model.caption", name=name, prompt=prompts[0], **size)
    return View(
        kind="model",
        header=header,
        buffer=buffer,
        caption=caption,
        draw=lambda: _poster(name or say("model.title"), header["size"], prompts[0]),
        selection={"text": prompts[0]},
        sections=("viz", "model"),
    )


def dequantised(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights as the page computes with them: rows of whole multiples of their scale."""
    out = {}
    for name, array in weights.items():
        if array.ndim == 2:
            scales, codes = _quantised(array)
            array = scales[:, None] * codes.astype(np.float32)
        out[name] = array
    return out


def _quantised(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A scale for each row, float32, and the row in units of it, -127 to 127."""
    scales = (np.abs(matrix).max(1) / 127).astype(np.float32)
    scales[scales == 0] = 1.0  # a row of zeros stays one
    return scales, np.rint(matrix / scales[:, None]).astype(np.int8)


def _packed(array: np.ndarray) -> bytes:
    if array.ndim == 1:
        return array.astype("<f4").tobytes()
    scales, codes = _quantised(array)
    return scales.astype("<f4").tobytes() + codes.tobytes()


def _described(tokenizer: Tokenizer) -> dict:
    """What the page needs to cut a text into tokens and to show them."""
    pieces = [tokenizer.token_bytes(i) for i in range(tokenizer.vocab_size)]
    common = {"end": tokenizer.end, "labels": [label(piece) for piece in pieces]}
    if isinstance(tokenizer, BPETokenizer):
        return {**common, "kind": "bpe", "merges": [list(pair) for pair in tokenizer.merges]}
    if isinstance(tokenizer, ByteTokenizer):
        return {**common, "kind": "bpe", "merges": []}
    kind = "characters" if isinstance(tokenizer, CharTokenizer) else "words"
    return {**common, "kind": kind, "pieces": [piece.decode() for piece in pieces]}


def _poster(title: str, size: str, prompt: str) -> bytes:
    """A picture in words: the view is nothing without its script."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 1.3), dpi=100, facecolor="white")
    lines = [(title, 13, INK, 0.72), (size, 9, MUTED, 0.45), (prompt, 11, INK, 0.15)]
    for text, points, colour, y in lines:
        figure.text(0.02, y, drawable(text, 90), size=points, color=colour, family=fonts())
    return png(figure)
