"""What each process of the tests of distributed training runs: `workers.py TASK ARGUMENTS`."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from minillm import cli, presets
from minillm.batches import DocumentRows, Windows
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer import CharTokenizer
from minillm.training import TrainConfig, Trainer, checkpoint, distributed, save_model
from minillm.training.sharding import whole

SHAPE = GPTConfig(vocab_size=7, context=8, layers=2, heads=2, width=16)
CONFIG = TrainConfig(steps=6, lr=3e-3, clip=0.5, weight_decay=0.1, validate_every=3)
TINY = presets.Preset(
    about="for tests",
    batch_size=6,
    shape=dict(context=8, layers=1, heads=2, width=16),
    training=dict(steps=2000, optimizer="muon", lr=3e-3, validate_every=20),
)


def documents():
    """Documents of 2 to 7 tokens: the ranks' parts of a batch hold unequally many."""
    g = torch.Generator().manual_seed(0)
    rows = [torch.randint(0, 7, (n,), generator=g) for n in torch.randint(2, 8, (41,), generator=g)]
    return DocumentRows([(r, [-1.0] * len(r), [0] * len(r)) for r in rows], end=0, batch_size=4)


DATA = {
    "windows": Windows([i * i % 7 for i in range(300)], context=8, batch_size=4),
    "documents": documents(),
}


def trainer(kind, changes, ranks=None):
    parts = GPT(SHAPE, seed=0), DATA[kind], DATA["documents"], replace(CONFIG, **changes)
    return distributed.DistributedTrainer(*parts, ranks) if ranks else Trainer(*parts)


CASES = {
    "ddp": ("windows", dict(optimizer="adamw"), False),
    "ddp, uneven documents": ("documents", dict(optimizer="adamw", accumulate=3), False),
    "ddp, muon": ("documents", dict(optimizer="muon"), False),
    "sharded": ("documents", dict(optimizer="adamw"), True),
    "sharded, accumulated": ("windows", dict(optimizer="adamw", accumulate=3), True),
    "sharded, recomputed": ("windows", dict(optimizer="adamw", recompute=True), True),
    "sharded, muon": ("documents", dict(optimizer="muon"), True),
}


def measured(t):
    """The first gradient, all losses, and the weights at the end."""
    t._gradient()
    gradient = [whole(p.grad).tolist() for p in t.model.parameters()]
    steps = [(s.loss, s.grad_norm, s.tokens, s.val_loss) for s in t]
    return dict(
        gradient=gradient, steps=steps, weights=[whole(p).tolist() for p in t.model.parameters()]
    )


def equal(out):
    """Every case of `CASES`; rank 0 writes what it measured."""
    with distributed.joined() as ranks:
        found = {}
        for name, (kind, changes, shard) in CASES.items():
            t = trainer(kind, changes, replace(ranks, shard=shard))
            found[name] = measured(t)
            sizes = [getattr(p, "_local_tensor", p).numel() for p in t.model.parameters()]
            found[name]["held"] = sum(sizes)
        save_model(out, t.model, CharTokenizer.train("abcdefg"), trainer=t)
        # Whoever resumes, in parts or whole, stands where the sharded run stood.
        for shard in (True, False):
            back = trainer(kind, {**changes, "steps": 8}, replace(ranks, shard=shard))
            checkpoint.resume(back, checkpoint.load(out))
            found[f"resumed, shard {shard}"] = [s.loss for s in back]
        # Each rank drops other numbers, however equal its rows.
        seeds = ranks.sum(*[float(r == ranks.rank) * first_drop(ranks) for r in range(2)])
        found["drops"] = seeds
    if ranks.rank == 0:
        Path(out, "found.json").write_text(json.dumps(found))


def first_drop(ranks):
    """A number that dropout draws in the first step."""
    t = trainer("windows", {}, ranks)
    drawn = []
    t.model.register_forward_pre_hook(lambda module, inputs: drawn.append(torch.rand(()).item()))
    t._gradient()
    return drawn[0]


def command(*arguments):
    """The command line, with a preset that takes no time."""
    presets.PRESETS["tiny"] = TINY
    sys.exit(cli.main(arguments))


if __name__ == "__main__":
    dict(equal=equal, command=command)[sys.argv[1]](*sys.argv[2:])
