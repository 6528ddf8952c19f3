"""The world: how fast it writes, and how near its floor a small model comes in a minute."""

import statistics
from itertools import pairwise

from table import Row, seconds

from minillm import cost, evaluate
from minillm.models.gpt import GPT
from minillm.presets import preset
from minillm.sources import WorldSource
from minillm.training import Trainer
from minillm.world import KINDS, World

DOCUMENTS_A_SECOND = 3000  # asked of one core
NEAR = 0.5  # bits per token: a kind counts as learnt once its regret stays below
SEEDS = (0, 1, 2)


def rows() -> list[Row]:
    out = []
    for language in ("en", "zh"):
        world = World(0, language)
        world.documents(500, seed=1)
        speed = 2000 / min(seconds(lambda w=world: w.documents(2000, seed=2)) for _ in range(3))
        asked = f"asked {DOCUMENTS_A_SECOND}/s"
        ratio = speed / DOCUMENTS_A_SECOND
        out.append(Row(f"world ({language}), documents", f"{speed:,.0f}/s", asked, ratio, 1))
    return out + [row for seed in SEEDS for row in _learn(seed)]


def _learn(seed: int) -> list[Row]:
    """Regret after the preset's run, and the order in which the kinds were learnt."""
    recipe, source = preset("world"), WorldSource()
    shape = recipe.model(source.world.tokenizer.vocab_size)
    data = source.data(source.world.tokenizer, context=shape.context, batch_size=recipe.batch_size)
    trainer = Trainer(GPT(shape, seed=seed), *data, recipe.train(seed=seed, validate_every=25))
    learnt: dict[str, int] = {}
    for step in trainer:
        if step.val_loss is not None:
            found = evaluate.regret(trainer.model, data[1], KINDS)
            for kind in KINDS:
                if found[kind].bits > NEAR:
                    learnt.pop(kind, None)
                else:
                    learnt.setdefault(kind, step.step)
    steps = [b.seconds - a.seconds for a, b in pairwise(trainer.history)]
    took = statistics.median(steps) * trainer.step
    order = " < ".join(f"{kind} {learnt.get(kind, 'never')}" for kind in KINDS)
    in_order = learnt.get(KINDS[0], 9e9) <= learnt.get(KINDS[1], 9e9) <= learnt.get(KINDS[2], 9e9)
    size = f"{cost.parameters(trainer.model) / 1e6:.2f}M"
    bits, grammar = found["all"].bits, found["grammar"].bits
    return [
        Row(
            f"world, seed {seed}: regret of {size} after {took:.0f} s",
            f"{bits:.3f} bits",
            "allowed 0.05",
            0.05 / bits,
            1,
        ),
        Row(
            f"world, seed {seed}: regret in grammar",
            f"{grammar:.4f} bits",
            "allowed 0.01",
            0.01 / max(grammar, 1e-9),
            1,
        ),
        Row(
            f"world, seed {seed}: {order} steps",
            "in order" if in_order else "not in order",
            "grammar first, recall last",
            float(in_order),
            1,
        ),
    ]
