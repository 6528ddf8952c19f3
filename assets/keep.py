"""Keep a trained model or recorded runs with the course, and where they come from.

    python -m minillm train --corpus world --preset page --steps 1500 --seed 0 --out runs/world
    python assets/keep.py runs/world

writes assets/world/model.safetensors (half precision, no training state) and record.json. The
commands that made the models here are in their records.

    python -m minillm record --out runs.json
    python assets/keep.py runs.json

adds those records to assets/recorded/runs.json.
"""

import argparse
import hashlib
import json
from pathlib import Path

from minillm import cost, evaluate, run
from minillm.files import replacing
from minillm.models.gpt import GPT, GPTConfig
from minillm.recorder import kept
from minillm.training import checkpoint, save_model

HERE = Path(__file__).resolve().parent
KNOWN = HERE.parent / "minillm/assets.json"  # what `assets.path` checks a download against


def main() -> None:
    """Keep what was named."""
    parser = argparse.ArgumentParser(description="Keep a model or records in assets/.")
    parser.add_argument("path", type=Path, help="what `train --out` or `record --out` wrote")
    path = parser.parse_args().path
    _keep_records(path) if path.is_file() else _keep_model(path)


def _keep_records(path: Path) -> None:
    """Add the records of one file to those of the course."""
    out = HERE / "recorded" / "runs.json"
    out.parent.mkdir(exist_ok=True)
    for record in kept.read(path):
        kept.add(out, record)
    know("recorded", out, file=out.name)


def _keep_model(folder: Path) -> None:
    """Keep one run under the name of its folder."""
    saved = checkpoint.load(folder)
    model = GPT(GPTConfig(**saved.about["model"])).eval()
    saved.fill(model)
    out = HERE / folder.name
    path = save_model(out, model.half(), saved.tokenizer(), run=saved.about["run"])
    record = {
        "command": _command(saved.about["run"]),
        **kept.today_here(),
        "parameters": cost.parameters(model),
        "steps": saved.about["training"]["step"],
        "seconds": round(saved.about["training"]["seconds"]),
        **_measured(folder, out),
        **know(folder.name, path),
    }
    (out / "record.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=2))


def seeds() -> int:
    """Over how many seeds a recorder is to run: its --seeds, or three."""
    parser = argparse.ArgumentParser(description="Record runs that a lesson shows.")
    parser.add_argument("--seeds", type=int, default=3)
    return parser.parse_args().seeds


def record(name: str, done: int, **found: object) -> None:
    """Write what assets/NAME.py found with `done` seeds, and where, to assets/NAME/record.json."""
    about = {"command": f"python assets/{name}.py --seeds {done}", **kept.today_here()}
    path = HERE / name / "record.json"
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(about | found, indent=1) + "\n", encoding="utf-8")
    know(name, path, file=path.name)


def know(name: str, path: Path, **about: str) -> dict:
    """Note a file's size and SHA-256 where the package finds them."""
    content = path.read_bytes()
    found = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    known = json.loads(KNOWN.read_text(encoding="utf-8")) if KNOWN.exists() else {}
    known[name] = {**about, **found}
    KNOWN.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n", encoding="utf-8")
    return found


def _command(recipe: dict) -> str:
    unused = {"tokenizer", "vocab_size"} if recipe.get("corpus") == "world" else set()
    options = {k: v for k, v in recipe.items() if k not in unused | {"fingerprint"}}
    flags = {name: "" if value is True else f" {value}" for name, value in options.items()}
    words = [f"--{name.replace('_', '-')}{value}" for name, value in flags.items()]
    return " ".join(["python -m minillm train", *words])


def _measured(folder: Path, kept: Path) -> dict:
    """The kept weights, half precision and all, on what the run held out."""
    run_again = run.resumed(folder, {})
    model, _ = run.load_model(kept)
    held_out, kinds = run_again.trainer.validation, run_again.kinds
    measured = {"val_loss": round(evaluate.loss(model, held_out), 4)}
    if kinds:
        found = evaluate.regret(model, held_out, kinds)
        measured["regret_bits"] = {kind: round(r.bits, 4) for kind, r in found.items()}
    return measured


if __name__ == "__main__":
    main()
