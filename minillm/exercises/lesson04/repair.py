"""Lesson 04: a Transformer with five faults, and the probes that find them from outside."""

import itertools
from collections.abc import Callable, Iterator
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minillm.exercises.registry import exercise
from minillm.models.attention import Attention

HEADS, LAYERS, T = 2, 3, 6


def _model(Tiny: Callable, heads: int = HEADS, layers: int = LAYERS) -> nn.Module:
    """A small one with loud weights, so that no part hides at zero, and without dropout."""
    with torch.random.fork_rng(devices=[]):  # torch fills new layers from the global generator
        torch.manual_seed(0)
        model = Tiny(vocabulary=11, context=8, width=12, heads=heads, layers=layers)
        with torch.no_grad():
            for p in model.parameters():
                p.add_(0.2 * torch.randn(p.shape))
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return model


def _batch(seed: int = 0) -> tuple[Tensor, Tensor]:
    ids = torch.randint(11, (2, T + 1), generator=torch.Generator().manual_seed(seed))
    return ids[:, :-1], ids[:, 1:]


def blocks_and_heads(Tiny: Callable, train: Callable) -> list[int]:
    """How many layers of attention there are, and how many heads each has."""
    model = _model(Tiny)
    found = [m.num_heads for m in model.modules() if isinstance(m, nn.MultiheadAttention)]
    found += [m.heads for m in model.modules() if isinstance(m, Attention)]
    return [len(found), max(found, default=0)]


def word_order(Tiny: Callable, train: Callable) -> bool:
    """Whether the last word notices that those before it changed places.

    In one block of one head: from the second block on, the causal mask alone would tell.
    """
    model, ids = _model(Tiny, heads=1, layers=1).eval(), torch.arange(T)[None]
    shuffled = torch.cat([ids[:, :-1].flip(1), ids[:, -1:]], dim=1)
    return bool((model(shuffled) - model(ids))[0, -1].abs().max() > 1e-5)


def who_reads_whom(Tiny: Callable, train: Callable) -> list[int]:
    """How many outputs before the last token move with it, and how many move with the first.

    Third, 1 where attention has something to read in a text of one token, which is itself: only
    then do the weights behind it have a say.
    """
    model, moved = _model(Tiny).eval(), []
    ids = torch.arange(T)[None]
    for place in (T - 1, 0):
        changed = ids.clone()
        changed[0, place] = 10
        difference = (model(changed) - model(ids)).abs().amax(2)[0]
        moved.append(~(difference < 1e-5))  # what is not a number has moved
    parts = [m for m in model.modules() if isinstance(m, (nn.MultiheadAttention, Attention))]
    behind = [m.out_proj if isinstance(m, nn.MultiheadAttention) else m.output for m in parts]
    model(ids[:, :1]).square().sum().backward()
    pulls = [part.weight.grad for part in behind]
    heard = all(pull is not None and pull.abs().max() > 0 for pull in pulls)
    return [int(moved[0][:-1].sum()), int(moved[1].sum()), int(heard)]


def _steps(Tiny: Callable, train: Callable, steps: int) -> tuple[nn.Module, list, list[Tensor]]:
    """Train on one batch at a rate of 0; the losses, and a gradient as each step leaves it."""
    model, gradients = _model(Tiny), []
    first = next(model.parameters())
    first.register_post_accumulate_grad_hook(lambda p: gradients.append(p.grad.clone()))
    losses = train(model, [_batch()] * steps, lr=0.0)
    return model, losses, gradients


def gradient_of_step_3(Tiny: Callable, train: Callable) -> float:
    """Its length beside that of step 1: nothing moves at a rate of 0, so they are the same."""
    _, _, gradients = _steps(Tiny, train, steps=3)
    return (gradients[-1].norm() / gradients[0].norm()).item()


def loss_and_its_gradient(Tiny: Callable, train: Callable) -> list[float]:
    """Both beside those of the mean cross-entropy."""
    model, losses, gradients = _steps(Tiny, train, steps=2)
    inputs, targets = _batch()
    loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
    (true,) = torch.autograd.grad(loss, next(model.parameters()))
    return [float(losses[0]) / loss.item(), (gradients[0].norm() / true.norm()).item()]


def learns(Tiny: Callable, train: Callable) -> bool:
    """Whether thirty steps on one batch lower the loss."""
    losses = train(_model(Tiny), [_batch()] * 30, lr=0.01)
    return float(min(losses)) < 0.9 * float(losses[0])


def _probes(generator: torch.Generator) -> Iterator[tuple]:
    yield (blocks_and_heads,)
    yield (word_order,)
    yield (who_reads_whom,)
    yield (gradient_of_step_3,)
    yield (loss_and_its_gradient,)
    yield (learns,)


@exercise("transformer.repair", lesson="04", inputs=_probes, tolerance=0.02)
def repaired(probe):
    """A Transformer and its training, handed to a probe, which says what it finds."""

    class Tiny(nn.Module):
        def __init__(self, vocabulary, context, width, heads, layers):
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, width)
            self.position = nn.Embedding(context, width)
            options = dict(dropout=0.0, batch_first=True, norm_first=True)
            self.blocks = nn.ModuleList(
                nn.TransformerEncoderLayer(width, heads, 4 * width, **options)
                for _ in range(layers)
            )
            self.head = nn.Linear(width, vocabulary)

        def forward(self, ids):
            T = ids.shape[1]
            x = self.embedding(ids) + self.position(torch.arange(T))
            hidden = torch.ones(T, T, dtype=torch.bool).triu(1)  # True: may not read
            for block in self.blocks:
                x = block(x, src_mask=hidden)
            return self.head(x)

    def train(model, batches, lr):
        optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
        losses = []
        for inputs, targets in batches:
            logits = model(inputs)
            loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    return probe(Tiny, train)


# What the probes find of each fault, and of a repair that puts another one in its place.
FOUND = {
    "depth_for_heads": {blocks_and_heads: [HEADS, LAYERS]},
    "no_position": {word_order: False},
    "no_mask": {who_reads_whom: [T - 1, T, 1]},
    "gradients_kept": {gradient_of_step_3: 3.0},
    "averaged_twice": {loss_and_its_gradient: [1 / (2 * T), 1 / (2 * T)]},
}
INSTEAD = {
    "depth_for_heads": {
        "mended_in_the_layer": {blocks_and_heads: [HEADS, HEADS]},
        "mended_in_the_loop": {blocks_and_heads: [LAYERS, LAYERS]},
    },
    "no_mask": {
        "reads_the_next": {who_reads_whom: [LAYERS, T, 1]},  # one token on with each layer
        "reads_not_itself": {who_reads_whom: [0, T, 0]},
        "mask_upside_down": {who_reads_whom: [T - 1, 1, 1], word_order: False},
        "mask_upside_down_and_blind": {who_reads_whom: [T - 1, 1, 0], word_order: False},
    },
    "gradients_kept": {"gradients_erased": {learns: False}},
    "averaged_twice": {
        "averaged_over_batches": {loss_and_its_gradient: [1 / 2, 1 / 2]},
        "averaged_before_backward": {loss_and_its_gradient: [1.0, 1 / (2 * T)]},
        "averaged_in_the_report": {loss_and_its_gradient: [1 / (2 * T), 1.0]},
        "added_up": {loss_and_its_gradient: [2.0 * T, 2.0 * T]},
    },
}
HINTS = {
    "mended_in_the_layer": "depth_for_heads",
    "mended_in_the_loop": "depth_for_heads",
    "mask_upside_down_and_blind": "mask_upside_down",
    "averaged_over_batches": "averaged_twice",
    "averaged_before_backward": "averaged_twice",
    "averaged_in_the_report": "averaged_twice",
}


_right = cache(repaired.reference)  # answers a probe alike each time


def _with(found: tuple[dict, ...], name: str) -> Callable:
    """The wrong answer of which the probes find this."""

    def faulty(probe):
        seen = {probe: value for one in found for probe, value in one.items()}
        return seen[probe] if probe in seen else _right(probe)

    faulty.__name__ = name
    return faulty


# Every mixture of the five, small ones first: who has mended one still has the others. The hint
# names the first of them.
for n in range(len(FOUND)):
    for i, fault in enumerate(FOUND):
        for rest in itertools.combinations(list(FOUND)[i + 1 :], n):
            for name, seen in {fault: FOUND[fault], **INSTEAD.get(fault, {})}.items():
                mixture = (seen, *(FOUND[other] for other in rest))
                wrong = _with(mixture, "_and_".join([name, *rest]))
                repaired.mistake(wrong, hint=HINTS.get(name, name))
