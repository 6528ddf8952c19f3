"""Adapt the storyteller to another town for longer than lesson 12 does, over seeds; record it.

    python assets/lora.py

writes assets/lora/record.json: for each way to adapt it and each seed the regret in the new town,
and in the old one with the change in place. About nine minutes on one core.
"""

import time

import keep
import torch

from minillm import assets, corpus, evaluate
from minillm.adapt import lora
from minillm.batches import DocumentRows
from minillm.run import load_model
from minillm.training import TrainConfig, Trainer
from minillm.world import KINDS, World

STEPS = 300
ATTENTION, MLP = r".*attention\.(qkv|output)", r".*mlp\.(up|down)"
WAYS = {  # which layers, and the rank; full tuning has none
    "rank 1": (f"{ATTENTION}|{MLP}", 1),
    "rank 4": (f"{ATTENTION}|{MLP}", 4),
    "rank 16": (f"{ATTENTION}|{MLP}", 16),
    "full": (None, None),
    "attention, rank 5": (ATTENTION, 5),  # as many numbers as in the next one
    "MLP, rank 3": (MLP, 3),
}


def main() -> None:
    """Adapt it in every way with every seed, then write the record."""
    seeds = keep.seeds()
    torch.set_num_threads(1)
    runs = []
    for seed in range(seeds):
        for name in WAYS:
            runs.append(run(name, seed))
            keep.record("lora", seed + 1, steps=STEPS, runs=runs)  # should the rest be cut


def documents(town: int, *, count: int, seed: int) -> tuple[DocumentRows, DocumentRows]:
    """What a town's people say: to learn from, and unread."""
    world = World(seed=town)
    parts = corpus.world(world, documents=count, held_out=200, seed=seed)
    return tuple(DocumentRows(part, end=world.tokenizer.end, batch_size=8) for part in parts)


def run(name: str, seed: int) -> dict:
    """One way, one seed: how much is trained, and what came of it."""
    model, _ = load_model(assets.path("world"))
    targets, rank = WAYS[name]
    if rank:
        lora.adapt(model, targets, rank=rank, alpha=16, seed=seed)
    else:
        model.requires_grad_(True)
    new, unread = documents(1, count=4_000, seed=100 + 2 * seed)
    rate = 0.01 if rank else 0.003  # the better of some that were tried, for either
    config = TrainConfig(steps=STEPS, lr=rate, decay="linear", seed=seed)
    start = time.process_time()
    for _ in Trainer(model, new, None, config):
        pass
    regrets = evaluate.regret(model, unread, KINDS)
    home = evaluate.regret(model, documents(0, count=1, seed=50)[1], KINDS)
    found = {
        "way": name,
        "seed": seed,
        "trained": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "seconds": round(time.process_time() - start),
        "new": {kind: round(one.bits, 4) for kind, one in regrets.items()},
        "old": round(home["all"].bits, 4),
    }
    print(found, flush=True)
    return found


if __name__ == "__main__":
    main()
