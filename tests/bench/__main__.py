"""Measure minillm beside its peers, in one run, as ratios: `make bench`.

Machines are noisy and differ; a ratio of two things measured in the same minute travels best.
Each part returns rows; a peer that is not there is "not measured".
"""

import argparse
import platform
import sys
from datetime import date
from pathlib import Path

import curves
import generation
import nanogpt
import page
import startup
import tokens
import torch
import town
import training
import tuning
import views
from table import show


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--nanogpt", type=Path, help="a checkout of nanoGPT")
    parser.add_argument("--text", type=Path, help="tiny Shakespeare, for the comparison with it")
    parser.add_argument("--only", nargs="*", help="parts to run: " + ", ".join(PARTS))
    options = parser.parse_args()
    print(
        f"{date.today()}, Python {platform.python_version()}, torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads, {platform.machine()} {platform.system()}"
    )
    for name, part in PARTS.items():
        if not options.only or name in options.only:
            print(f"\n{name}", file=sys.stderr)
            show(part(options))


PARTS = {
    "startup": lambda options: startup.rows(),
    "tokens": lambda options: tokens.rows(),
    "training": lambda options: training.rows(),
    "tuning": lambda options: tuning.rows(),
    "generation": lambda options: generation.rows(),
    "world": lambda options: town.rows(),
    "curves": lambda options: curves.rows(),
    "views": lambda options: views.rows(),
    "page": lambda options: page.rows(),
    "nanogpt": lambda options: nanogpt.rows(options.nanogpt, options.text),
}

if __name__ == "__main__":
    main()
