"""Attention weights as they come, checked and made one array `(L, H, T, S)`."""

import numpy as np

LIMIT = 1024  # tokens in one view
TOLERANCE = 0.02  # of a row's sum: bfloat16 weights miss one by about 0.01


def to_numpy(weights: object) -> np.ndarray:
    """One array as float32; tensors of any framework, on any device, bfloat16 included."""
    if weights is None:
        raise ValueError(
            "The weights are None: a fused kernel keeps none. Load a Hugging Face model with "
            'attn_implementation="eager" and call it with output_attentions=True.'
        )
    if hasattr(weights, "detach"):  # a torch tensor, without importing torch
        weights = weights.detach().float().cpu().numpy()
    return np.asarray(weights, dtype=np.float32)


def stack_layers(weights: object) -> np.ndarray:
    """Weights of one pass as float32 `(L, H, T, S)`.

    Takes an array `(T, S)`, `(H, T, S)`, `(L, H, T, S)`; nested lists of numbers; or a sequence of
    layers `(H, T, S)` or `(1, H, T, S)`, as Hugging Face returns them in `.attentions`; or a
    sequence of such sequences, one a step, as `generate` returns them with a KV cache.
    """
    if isinstance(weights, (list, tuple)) and _depth_of_array(weights) == 1:
        return _stack([_one_sequence(to_numpy(w), layer) for layer, w in enumerate(weights)])
    if isinstance(weights, (list, tuple)) and _depth_of_array(weights) == 2:
        return _join_steps([stack_layers(step) for step in weights])
    if isinstance(weights, (list, tuple)):
        _refuse_ragged(weights)
    array = to_numpy(weights)
    if array.ndim == 5:
        array = np.stack([_one_sequence(layer, i) for i, layer in enumerate(array)])
    if not 2 <= array.ndim <= 4:
        raise ValueError(
            f"Weights of shape {array.shape}; expected (T, S), (H, T, S) or (L, H, T, S)."
        )
    return array.reshape((1,) * (4 - array.ndim) + array.shape)


def _depth_of_array(weights: object) -> int | None:
    """How many lists are around the first array; None where plain numbers are inside."""
    depth = 0
    while isinstance(weights, (list, tuple)):
        if not weights:
            raise ValueError("The weights are an empty list; expected one array a layer.")
        weights, depth = weights[0], depth + 1
    if weights is None:  # let to_numpy explain
        return depth
    return depth if getattr(weights, "ndim", 0) >= 2 else None


def _one_sequence(layer: np.ndarray, index: int) -> np.ndarray:
    """`(1, H, T, S)`, `(H, T, S)` or `(T, S)` to `(H, T, S)`."""
    if layer.ndim == 4 and layer.shape[0] == 1:
        return layer[0]
    if layer.ndim == 4:
        raise ValueError(
            f"Layer {index} holds a batch of {layer.shape[0]} texts; a view shows one. "
            "Pass [layer[i] for layer in attentions]."
        )
    if layer.ndim not in (2, 3):
        raise ValueError(f"Layer {index} has shape {layer.shape}; expected (H, T, S).")
    return layer.reshape((1,) * (3 - layer.ndim) + layer.shape)


def _stack(layers: list[np.ndarray]) -> np.ndarray:
    for index, layer in enumerate(layers):
        if layer.shape != layers[0].shape:
            raise ValueError(
                f"Layer {index} has shape {layer.shape} but layer 0 has {layers[0].shape}: "
                "every layer needs the same heads, readers and keys (H, T, S)."
            )
    return np.stack(layers)


def _join_steps(steps: list[np.ndarray]) -> np.ndarray:
    """Rows recorded step by step, each `(L, H, t, s)` with s growing, to one `(L, H, T, S)`."""
    S = steps[-1].shape[-1]
    for index, step in enumerate(steps):
        if step.shape[:2] != steps[0].shape[:2] or step.shape[-1] > S:
            raise ValueError(
                f"Step {index} has shape {step.shape} after {steps[0].shape}: steps need the same "
                "layers and heads, and keys that grow."
            )
    return np.concatenate(
        [np.pad(step, [(0, 0)] * 3 + [(0, S - step.shape[-1])]) for step in steps], axis=2
    )


def _refuse_ragged(weights: list) -> None:
    """Say where nested lists of numbers hold rows of different lengths."""
    depth, inner = 0, weights
    while isinstance(inner, (list, tuple)) and inner:
        depth, inner = depth + 1, inner[0]
    for _ in range(4 - depth):
        weights = [weights]
    heads, readers, keys = len(weights[0]), len(weights[0][0]), len(weights[0][0][0])
    for i, layer in enumerate(weights):
        if len(layer) != heads:
            raise ValueError(f"Layer {i} has {len(layer)} heads but layer 0 has {heads}.")
        for j, head in enumerate(layer):
            if len(head) != readers:
                raise ValueError(f"Layer {i} head {j} has {len(head)} rows, others have {readers}.")
            for t, row in enumerate(head):
                if len(row) != keys:
                    raise ValueError(
                        f"Layer {i} head {j} position {t} has {len(row)} weights, "
                        f"others have {keys}."
                    )


def check_weights(weights: np.ndarray, frame: str | None = None) -> None:
    """Refuse weights that are not a distribution a row, naming layer, head and position."""
    within = "" if frame is None else f" of {frame!r}"
    if 0 in weights.shape:
        raise ValueError(f"Weights of shape {weights.shape}{within}: there is nothing to show.")
    for layer, heads in enumerate(weights):  # a layer at a time, to spare memory
        for wrong, what in ((~np.isfinite(heads), "not a finite number"), (heads < 0, "negative")):
            if wrong.any():
                head, position, key = np.argwhere(wrong)[0]
                raise ValueError(
                    f"Layer {layer} head {head} position {position}{within}: the weight on key "
                    f"{key} is {heads[head, position, key]}, {what}. Attention weights come after "
                    "the softmax; mask before it, and leave no row without a key to attend to."
                )
        sums = heads.sum(-1, dtype=np.float64)
        if (np.abs(sums - 1) > TOLERANCE).any():
            head, position = np.argwhere(np.abs(sums - 1) > TOLERANCE)[0]
            raise ValueError(
                f"Layer {layer} head {head} position {position}{within}: the row sums to "
                f"{sums[head, position]:.3f}, expected 1. Pass the weights after the softmax, with "
                "dropout off (model.eval())."
            )
