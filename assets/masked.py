"""Does reading without labels help? Pretrain the small encoder of lesson 10 on the town's lists.

    python assets/masked.py

writes assets/masked/record.json: for each seed and number of labels, how much of the test an
encoder gets right that has filled gaps first, one that has not, and a bag of words. About five
minutes on one core.
"""

import copy
import math
import time

import keep
import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from minillm.adapt.heads import Classifier, Labelled, predict, tune
from minillm.adapt.masked import MaskedRows
from minillm.models.bert import Bert, BertConfig, MaskedBert
from minillm.training import TrainConfig, Trainer
from minillm.world import Impossible, World

TOWN = World(seed=0)
OPENING = ["look", "at", "the", "shopping", "list", "of"]
UNLABELLED, CHOICE, TEST = 20_000, 500, 1_000  # lists; CHOICE: to choose a setting with
EACH = (1, 4, 16, 64)  # labelled lists of each person
MASK = TOWN.tokenizer.vocab_size  # one token more than the town has
SHAPE = dict(vocab_size=MASK + 1, context=32, layers=2, heads=2, width=64, dropout=0.0)
STEPS, BATCH, SHARE = 2_000, 128, 0.2
RATES = (3e-4, 1e-3, 3e-3)  # of an encoder, whatever it has read
STRENGTHS = (1, 10, 100)  # of the bag of words


def main() -> None:
    """Measure with every seed, then write the record."""
    seeds = keep.seeds()
    torch.set_num_threads(1)
    lists = [_list(i) for i in range(UNLABELLED + CHOICE + TEST)]
    job = {tokens[6]: tokens[8] for tokens in lists}
    read, held_out = lists[:UNLABELLED], lists[UNLABELLED:]
    truth = np.array([_posterior(tokens, job) for tokens in held_out])
    best = round(truth[CHOICE:].max(1).mean(), 4)
    pretraining, runs = [], []
    for seed in range(seeds):
        encoder, about = pretrain(read, seed)
        pretraining.append(about)
        starts = {"from scratch": Bert(BertConfig(**SHAPE), seed=seed), "pretrained": encoder}
        for each in EACH:
            few = _draw(read, sorted(job), each, seed)
            for name, right in compare(starts, few, held_out, truth, sorted(job), seed).items():
                runs.append({"setting": name, "labels": len(few), "seed": seed, "right": right})
                print(runs[-1], flush=True)
        found = {"best": best, "pretraining": pretraining, "runs": runs}
        keep.record("masked", seed + 1, unlabelled=UNLABELLED, **found)  # should the rest be cut


def _list(seed: int) -> list[str]:
    """One list with its opening: token 6 says whose it is, what was wanted begins at token 10."""
    tokens = TOWN.write(seed=seed, prefix=OPENING).tokens
    return tokens[: tokens.index(".") + 1]


def _posterior(tokens: list[str], job: dict[str, str]) -> np.ndarray:
    """P(who | list) for everybody, in alphabetical order."""
    logs = []
    for who in sorted(job):
        try:
            swapped = [*tokens[:6], who, "the", job[who], *tokens[9:]]
            logs.append(TOWN.oracle.read(swapped).log_prob)
        except Impossible:
            logs.append(-math.inf)
    p = np.exp(np.array(logs) - max(logs))
    return p / p.sum()


def _draw(lists: list, people: list[str], each: int, seed: int) -> list:
    """So many lists of each person, at random."""
    mixed = [lists[i] for i in np.random.default_rng(seed).permutation(len(lists))]
    return [t for who in people for t in [t for t in mixed if t[6] == who][:each]]


def _ids(tokens: list[str]) -> torch.Tensor:
    return torch.tensor([TOWN.tokenizer.ids[word] for word in tokens[10:]])


def pretrain(lists: list, seed: int) -> tuple[Bert, dict]:
    """An encoder that has filled gaps in lists whose writers it was not told."""
    encoder, start = Bert(BertConfig(**SHAPE), seed=seed), time.process_time()
    rows = MaskedRows(
        [_ids(tokens) for tokens in lists],
        batch_size=BATCH,
        share=SHARE,
        mask=MASK,
        special=[TOWN.tokenizer.end],
        vocab_size=MASK + 1,
    )
    config = TrainConfig(
        steps=STEPS,
        optimizer="muon",
        lr=0.005,
        matrix_lr=0.01,
        warmup=50,
        decay="linear",
        seed=seed,
    )
    losses = [step.loss for step in Trainer(MaskedBert(encoder, seed=seed), rows, None, config)]
    about = {
        "seed": seed,
        "steps": STEPS,
        "first_loss": round(losses[0], 3),  # nats per hidden token
        "last_loss": round(float(np.mean(losses[-100:])), 3),
        "seconds": round(time.process_time() - start),
    }
    print(about, flush=True)
    return encoder, about


def compare(starts: dict, few: list, held_out: list, truth: np.ndarray, people: list, seed: int):
    """What each start makes of the same few labels: the share of the test that is right.

    The oracle's probability of the name that was said is counted, not whether it happened to be
    true. Every start gets the best of its settings, chosen on lists that are not in the test.
    """

    def labelled(part: list) -> Labelled:
        who = torch.tensor([people.index(tokens[6]) for tokens in part])
        return Labelled(tokens=[_ids(t) for t in part], labels=who, classes=len(people))

    def scores(said) -> tuple[float, float]:
        hits = truth[range(len(truth)), said]
        return hits[:CHOICE].mean(), round(float(hits[CHOICE:].mean()), 4)

    def tuned(encoder: Bert, rate: float) -> tuple[float, float]:
        model = Classifier(copy.deepcopy(encoder), width=SHAPE["width"], classes=len(people))
        epochs = max(150 * 32 / len(few), 10)
        how = dict(epochs=epochs, lr=rate, head_lr=max(rate, 5e-3), batch_size=32, seed=seed)
        for _ in tune(model, labelled(few), **how):
            pass
        return scores(predict(model, labelled(held_out)).argmax(1))

    words = CountVectorizer(binary=True)
    X = words.fit_transform([" ".join(tokens[10:]) for tokens in few])
    X_held_out = words.transform([" ".join(tokens[10:]) for tokens in held_out])
    names = [people.index(tokens[6]) for tokens in few]

    def bag(strength: float) -> tuple[float, float]:
        counts = LogisticRegression(C=strength, max_iter=1000).fit(X, names)
        return scores(counts.predict(X_held_out))

    found = {name: max(tuned(start, r) for r in RATES)[1] for name, start in starts.items()}
    return {**found, "bag of words": max(bag(s) for s in STRENGTHS)[1]}


if __name__ == "__main__":
    main()
