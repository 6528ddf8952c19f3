"""Memory through one training step: it climbs in the forward pass, falls in the backward pass."""

from collections.abc import Iterator

import torch

from minillm import cost
from minillm.batches import Batch
from minillm.models.gpt import GPT, GPTConfig
from minillm.training import memory
from minillm.training.loop import summed_loss
from minillm.training.precision import Precision


def step(
    shape: GPTConfig, batch: int, precision: Precision, seed: int, recompute: bool
) -> Iterator[dict]:
    """Bytes of activations and gradients after each block, forwards and then backwards.

    The last row is the peak of the whole step; `predicted` is what the cost model says of the
    activations.
    """
    model = GPT(shape, seed=seed).to(precision.device)
    if recompute:
        memory.recompute_blocks(model)
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(shape.vocab_size, (batch, shape.context), generator=generator)
    data = Batch(inputs=ids, targets=ids).to(precision.device)
    about, rows = {"recompute": recompute, "batch": batch}, []
    with cost.LiveTensors() as live:

        def note(event: str):
            return lambda *_: rows.append(about | {"event": event, "bytes": live.now})

        for i, block in enumerate(model.blocks):
            block.register_forward_hook(note(f"forward {i}"))
            block.register_full_backward_hook(note(f"backward {i}"))
        with precision.matmuls():
            with precision.autocast():
                loss = summed_loss(model, data)
            note("loss")()
            loss.backward()
    yield from rows
    predicted = cost.activation_bytes(
        shape, batch=batch, half=precision.dtype in ("bf16", "fp16"), recompute=recompute
    )
    yield about | {"event": "peak", "bytes": live.peak, "predicted": predicted}
