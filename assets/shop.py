"""Tune the storyteller of lesson 11 for ten times as long, over seeds, and record what came of it.

    python assets/shop.py

writes assets/shop/record.json: per cent of right answers in each test, and the regret on stories.
About seven minutes a seed on one core.
"""

import time

import keep
import torch

from minillm import assets, corpus, evaluate, generate
from minillm.adapt.conversation import ConversationRows, Template
from minillm.adapt.vocabulary import extend_vocabulary
from minillm.batches import DocumentRows, Mixture
from minillm.metrics import exact_match
from minillm.run import load_model
from minillm.training import TrainConfig, Trainer
from minillm.world import KINDS, SETTINGS, Service, World

STEPS, SHARE = 1_000, 0.25  # of the batches, so many are of stories
# "varied": half of the conversations are about facts that the town never has.
TRAINED_ON = {"usual": ("usual",), "varied": ("usual", "new facts")}
SHOP, TOWN = Service(seed=0), World(seed=0)
FORM, END = Template(**SHOP.template), SHOP.tokenizer.end


def main() -> None:
    """Tune with every seed, then write the record."""
    seeds = keep.seeds()
    torch.set_num_threads(1)
    runs = []
    for seed in range(seeds):
        for kinds in TRAINED_ON:
            runs += run(seed, kinds)
        keep.record("shop", seed + 1, steps=STEPS, runs=runs)  # should the rest be cut


def run(seed: int, trained_on: str) -> list[dict]:
    """One seed: what is right in each test after all steps, and what is forgotten."""
    model, _ = load_model(assets.path("world"))
    model = extend_vocabulary(model, SHOP.tokenizer.vocab_size)
    kinds = TRAINED_ON[trained_on]
    each = [SHOP.write(8_000 // len(kinds), seed=100 + seed, setting=kind) for kind in kinds]
    talks = [talk.turns for written in each for talk in written]
    rows = ConversationRows(talks, SHOP.tokenizer, batch_size=16, template=FORM)
    told, unread = corpus.world(TOWN, documents=4_000, held_out=200, seed=60)
    stories, held_out = (DocumentRows(part, end=END, batch_size=16) for part in (told, unread))
    config = TrainConfig(
        steps=STEPS,
        optimizer="muon",
        lr=0.006,
        matrix_lr=0.008,
        momentum=0.85,
        decay="linear",
        decay_share=0.7,
        seed=seed,
    )
    start = time.process_time()
    for step in Trainer(model, Mixture(rows, stories, share=SHARE), None, config):
        if step.step % 100 == 0:
            print(trained_on, seed, step.step, f"{step.loss:.3f}", flush=True)
    about = {
        "trained_on": trained_on,
        "seed": seed,
        "seconds": round(time.process_time() - start),
        "regret": round(evaluate.regret(model, held_out, KINDS)["all"].bits, 4),
    }
    return [{**about, "test": name, "right": right(model, name)} for name in SETTINGS]


def right(model, name: str) -> dict[str, float]:
    """Per cent of right answers in one test, of all and of each kind of question."""
    hits: dict[str, list[bool]] = {"all": []}
    for talk in SHOP.write(100, seed=3, setting=name):
        for turns, true in talk.answers:
            kind = true.facts["form"]
            if kind != "thanks":
                ids = [END, *FORM.prompt(turns, SHOP.tokenizer)]
                said = generate.tokens(model, ids, count=12, temperature=0, end=END)
                hit = exact_match(SHOP.tokenizer.decode(said), SHOP.answer(true))
                hits["all"].append(hit)
                hits.setdefault(kind, []).append(hit)
    return {kind: round(100 * sum(some) / len(some), 1) for kind, some in sorted(hits.items())}


if __name__ == "__main__":
    main()
