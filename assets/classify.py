"""Tune the pretrained reader of lesson 10 in several ways, over seeds, and record what came of it.

    python assets/classify.py

writes assets/classify/record.json: for each setting and seed, how much of the test was right, and
how long the tuning took. About a quarter of an hour on two cores.
"""

import time
from pathlib import Path

import keep

from minillm.adapt.heads import Classifier, Labelled, freeze, predict, tune
from minillm.docstrings import docstrings, split_by_file
from minillm.models import pretrained
from minillm.models.bert import Bert
from minillm.tokenizer import WordPieceTokenizer

MOST = 64  # tokens of a text that are read
EPOCHS = 3
SETTINGS = {  # how many last blocks are tuned; the learning rates of encoder and head
    "frozen": dict(last=0, lr=0.0, head_lr=1e-2),
    "last two": dict(last=2, lr=2e-4, head_lr=2e-3),
    "full": dict(last=None, lr=1e-4, head_lr=2e-3),
    "from scratch": dict(last=None, lr=5e-4, head_lr=2e-3),
}


def main() -> None:
    """Measure every setting with every seed, then write the record."""
    seeds = keep.seeds()
    folder = pretrained.find(pretrained.MINILM)
    tokenizer = WordPieceTokenizer.load_folder(folder)
    parts = split_by_file(docstrings())
    train, test = (
        Labelled.of([x.text for x in p], [x.package for x in p], tokenizer, most=MOST)
        for p in parts
    )
    about = {
        "model": pretrained.MINILM,
        "epochs": EPOCHS,
        "train": len(train.labels),
        "test": len(test.labels),
    }
    runs = []
    for seed in range(seeds):
        for name, setting in SETTINGS.items():
            runs.append(one(name, setting, seed, folder, train, test))
            print(runs[-1], flush=True)
            keep.record("classify", seed + 1, **about, runs=runs)  # should the rest be cut


def one(name: str, setting: dict, seed: int, folder: Path, train: Labelled, test: Labelled) -> dict:
    """One model tuned and tested."""
    encoder = pretrained.load(folder)
    if name == "from scratch":
        encoder = Bert(encoder.config, seed=seed)
    model = Classifier(encoder, width=encoder.config.width, classes=train.classes)
    moved, start = freeze(model, last=setting["last"]), time.process_time()
    rates = dict(lr=setting["lr"], head_lr=setting["head_lr"])
    for _ in tune(model, train, epochs=EPOCHS, **rates, seed=seed):
        pass
    seconds = time.process_time() - start
    said = predict(model, test).argmax(1)
    return {
        "setting": name,
        "seed": seed,
        "accuracy": round((said == test.labels).float().mean().item(), 4),
        "tuned": moved,
        "seconds": round(seconds),  # of one core
    }


if __name__ == "__main__":
    main()
