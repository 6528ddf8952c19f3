"""A small model learns grammar first, what is usual in the town next, and to recall last."""

import pytest

from minillm import corpus, evaluate
from minillm.batches import DocumentRows
from minillm.models.gpt import GPT
from minillm.presets import preset
from minillm.training import Trainer
from minillm.world import KINDS, World

NEAR = 1.0  # bits per token of its kind: learnt once the regret stays below
STEPS = 100


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_grammar_world_and_recall_are_learnt_in_that_order(seed):
    town, recipe = World(seed=0), preset("world")
    train, held_out = (
        DocumentRows(part, end=town.tokenizer.end, batch_size=recipe.batch_size)
        for part in corpus.world(town, documents=4_000, held_out=60)
    )
    config = recipe.train(steps=STEPS, seed=seed, validate_every=None)
    trainer = Trainer(GPT(recipe.model(town.tokenizer.vocab_size), seed=seed), train, None, config)
    learnt: dict[str, int] = {}
    for step in trainer:
        if step.step % 10 == 0:
            found = evaluate.regret(trainer.model, held_out, KINDS)
            for kind in KINDS:
                if found[kind].bits > NEAR:
                    learnt.pop(kind, None)
                else:
                    learnt.setdefault(kind, step.step)
    grammar, world, recall = (learnt.get(kind, STEPS + 1) for kind in KINDS)
    assert grammar < world < recall, learnt
    assert found["grammar"].bits < found["world"].bits < found["recall"].bits
