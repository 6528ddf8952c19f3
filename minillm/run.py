"""A training run and its folder: what `python -m minillm train` does, step by step. Lesson 06."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from minillm import evaluate
from minillm.distributed import LostRank
from minillm.language import say
from minillm.models import pretrained
from minillm.models.gpt import GPT, GPTConfig
from minillm.presets import preset
from minillm.recipe import CHANGEABLE, Recipe
from minillm.sources import Source
from minillm.tokenizer import GPT2Tokenizer, Tokenizer
from minillm.training import checkpoint, memory, precision
from minillm.training.distributed import DistributedTrainer, Ranks, broken, in_turn
from minillm.training.loop import Step, Trainer

Report = Callable[[dict[str, Any]], None]
SAVE_EVERY = 60.0  # seconds of training, and whenever validation has run


@dataclass(kw_only=True)
class Run:
    """A model in training, and the folder it is saved in."""

    recipe: Recipe
    folder: Path
    tokenizer: Tokenizer
    trainer: Trainer
    kinds: tuple[str, ...] = ()  # of choices whose regret is known; the world has some
    saved_at: float = field(default=0.0)  # seconds of training

    def save(self) -> None:
        """Write the checkpoint; the last one stays whole if this is cut."""
        about = {k: v for k, v in vars(self.recipe).items() if v is not None}
        checkpoint.save_model(
            self.folder, self.trainer.model, self.tokenizer, trainer=self.trainer, run=about
        )
        self.saved_at = self.trainer.seconds


def started(given: dict[str, Any], *, ranks: Ranks | None = None) -> Run:
    """A new run from `recipe.OPTIONS`; reads the text and writes a first checkpoint."""
    given = dict(given)
    out = given.pop("out", None)
    if given.get("corpus") == "world":
        given.setdefault("preset", "world")
    recipe = Recipe(**given)
    source = in_turn(lambda: recipe.source, ranks)
    recipe = replace(recipe, fingerprint=source.fingerprint)
    folder = Path(out) if out else _free_folder(recipe)
    if (folder / checkpoint.FILE).exists():
        raise ValueError(
            f"{folder} already holds a model. Go on with it by --resume {folder}, "
            "or name another folder with --out."
        )
    tokenizer = source.tokenizer(recipe.tokenizer, recipe.vocab_size)
    shape = preset(recipe.preset).model(tokenizer.vocab_size)
    run = _run(recipe, folder, source, tokenizer, shape, ranks)
    run.save()  # a folder that cannot be written to is found out before training, not after
    return run


def resumed(folder: str | Path, given: dict[str, Any], *, ranks: Ranks | None = None) -> Run:
    """A saved run where it stopped. Only how long to train may change, and on what device."""
    saved = checkpoint.load(folder)
    fixed = sorted(given.keys() - set(CHANGEABLE))
    if fixed:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in fixed)
        raise ValueError(
            f"{names} cannot change when a run goes on; with --resume give only "
            f"{', '.join('--' + name.replace('_', '-') for name in CHANGEABLE)}, "
            "or start a new run."
        )
    if "fingerprint" not in saved.about["run"]:
        raise ValueError(
            f"{saved.path} was not written by `train`, so its text is unknown; "
            "resume it from Python with training.checkpoint.resume."
        )
    recipe = Recipe(**{**saved.about["run"], **given})
    source = in_turn(lambda: recipe.source, ranks)
    if source.fingerprint != recipe.fingerprint:
        raise ValueError(
            f"The text {recipe.text or recipe.corpus} has changed since the run in {folder} began. "
            "Put the old text back, or start a new run."
        )
    shape = GPTConfig(**saved.about["model"])
    run = _run(recipe, saved.path.parent, source, saved.tokenizer(), shape, ranks)
    checkpoint.resume(run.trainer, saved)
    run.saved_at = run.trainer.seconds
    return run


def _run(
    recipe: Recipe,
    folder: Path,
    source: Source,
    tokenizer: Tokenizer,
    shape: GPTConfig,
    ranks: Ranks | None,
) -> Run:
    batch_size = recipe.batch_size // recipe.pieces
    train, held_out = source.data(tokenizer, context=shape.context, batch_size=batch_size)
    parts = GPT(shape, seed=recipe.seed), train, held_out, recipe.training
    trainer = DistributedTrainer(*parts, ranks) if ranks else Trainer(*parts)
    return Run(
        recipe=recipe, folder=folder, tokenizer=tokenizer, trainer=trainer, kinds=source.kinds
    )


def load_model(folder: str | Path, device: str = "cpu") -> tuple[GPT, Tokenizer]:
    """The model in `folder`, in evaluation mode, and its tokenizer.

    folder: one that was saved here, or a GPT-2 in Hugging Face's layout, which has a config.json.
    device as in `training.precision.choose`: "auto" takes a GPU where there is one.
    """
    place = precision.choose(device).device  # a wrong name is said before the file is read
    if (Path(folder) / pretrained.SETTINGS).is_file():
        model = pretrained.load(folder)
        if not isinstance(model, GPT):
            raise ValueError(f"{folder} holds a {type(model).__name__}, which writes no text.")
        tokenizer = GPT2Tokenizer.load_folder(folder)
    else:
        saved = checkpoint.load(folder)
        model, tokenizer = GPT(GPTConfig(**saved.about["model"])), saved.tokenizer()
        saved.fill(model)
    return model.to(place).eval(), tokenizer


def train(run: Run, *, report: Report | None = None) -> None:
    """Train to the end, saving as it goes; `report` takes a dict a validation, else a bar runs.

    Of several processes rank 0 alone reports. LostRank when another one has died.
    """
    trainer, target, writes = run.trainer, run.recipe.until_loss, run.trainer.rank == 0
    if writes and trainer.precision.device.type != "cpu":
        print(say("train.device", name=trainer.precision.name), file=sys.stderr)
    bar = _Bar(trainer) if writes and not report else None
    losses: list[float] = []
    try:
        for step in trainer:
            losses.append(step.loss)
            if bar:
                bar.show(step)
            if step.val_loss is not None and report:
                mean = sum(losses) / len(losses)
                line = {**_line(step), "loss": mean, "val_loss": step.val_loss} | _regret(run)
                losses.clear()
                if writes:
                    report(line)
            if step.val_loss is not None or step.seconds - run.saved_at > SAVE_EVERY:
                run.save()
            if target is not None and step.val_loss is not None and step.val_loss <= target:
                break
    except KeyboardInterrupt:
        run.save()
        if writes:
            print(say("train.stopped", folder=run.folder, step=trainer.step), file=sys.stderr)
        raise
    except RuntimeError as error:
        if not broken(error):
            raise
        raise LostRank(say("train.lost", rank=trainer.rank, folder=run.folder)) from error
    finally:
        if bar:
            bar.close()
    run.save()
    regret = {} if report else _regret(run).get("regret", {})  # all ranks together, or none
    if writes:
        _say_done(run, regret)


def _say_done(run: Run, regret: dict[str, float]) -> None:
    if regret:
        words = ", ".join(f"{kind} {bits:.3f}" for kind, bits in regret.items())
        print(say("train.regret", regrets=words), file=sys.stderr)
    device = run.trainer.precision.device
    if device.type != "cpu":
        held = memory.memory(device)
        peak, total = f"{held.peak / 1e9:.1f}", f"{held.total / 1e9:.1f}"
        print(say("train.memory", peak=peak, total=total), file=sys.stderr)
    print(say("train.done", folder=run.folder, **_summary(run.trainer)), file=sys.stderr)


def _line(step: Step) -> dict[str, Any]:
    return {"step": step.step, "tokens": step.tokens, "seconds": round(step.seconds, 3)}


def _regret(run: Run) -> dict[str, Any]:
    """Bits per token above the floor, by kind, where the floor is known."""
    if not run.kinds:
        return {}
    found = evaluate.regret(run.trainer.model, run.trainer.validation, run.kinds)
    return {"regret": {kind: round(r.bits, 5) for kind, r in found.items()}}


def _summary(trainer: Trainer) -> dict[str, Any]:
    measured = [s.val_loss for s in trainer.history if s.val_loss is not None]
    return {"loss": f"{measured[-1]:.4f}" if measured else "–", "step": trainer.step}


class _Bar:
    """Progress on stderr: share done (of steps or of minutes), loss, tokens a second, time left."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer, self.val = trainer, "–"
        self.bar = tqdm(
            total=100.0,
            initial=100 * min(1.0, trainer.progress),
            bar_format="{percentage:3.0f}% |{bar:24}| {desc} [{elapsed}<{remaining}]",
        )

    def show(self, step: Step) -> None:
        if step.val_loss is not None:
            self.val = f"{step.val_loss:.4f}"
        words = say(
            "train.bar",
            step=step.step,
            loss=f"{step.loss:.3f}",
            val_loss=self.val,
            speed=f"{step.tokens / step.seconds:,.0f}",
        )
        self.bar.set_description_str(words, refresh=False)
        self.bar.update(100 * min(1.0, self.trainer.progress) - self.bar.n)

    def close(self) -> None:
        self.bar.close()


def _free_folder(recipe: Recipe) -> Path:
    name = Path(recipe.text).stem if recipe.text else recipe.corpus
    folder, number = Path("runs") / f"{name}-{recipe.preset}", 1
    while folder.exists():
        number += 1
        folder = folder.with_name(f"{name}-{recipe.preset}-{number}")
    return folder
