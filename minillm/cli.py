"""The command line: `python -m minillm doctor | train | generate | chat | ...`. Lesson 06."""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minillm import __version__
from minillm.distributed import LostRank
from minillm.language import say


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 when something failed, 2 when the input was wrong."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a character
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except KeyboardInterrupt:
        _complain(say("cli.interrupted"))
        return 130
    except BrokenPipeError:  # the reader (head, less) has seen enough
        sys.stderr.close()
        return 0
    except MemoryError as error:  # of one device, and perhaps of one alone
        _complain(f"minillm: {error}", ranks=os.environ.get("LOCAL_RANK", "0"))
        return 1
    except FloatingPointError as error:
        _complain(f"minillm: {error}")
        return 1
    except LostRank as error:  # which may have been rank 0
        _complain(f"minillm: {error}", ranks="0 1")
        return 1
    except (ValueError, OSError) as error:
        _complain(f"minillm: {_one_line(error)}")
        return 2


def _complain(line: str, ranks: str = "0") -> None:
    """Say it on stderr; of several processes on this machine, only some do."""
    if os.environ.get("LOCAL_RANK", "0") in ranks.split():
        print(line, file=sys.stderr)


def _one_line(error: Exception) -> str:
    """The message; for an error of the operating system, what to do about it too."""
    if isinstance(error, OSError) and error.strerror:
        return say("cli.system", error=error.strerror, path=error.filename)
    return str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m minillm", description=say("cli.about"), allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"minillm {__version__}")
    commands = parser.add_subparsers(required=True, metavar=say("cli.command"))

    def command(name: str, run) -> argparse.ArgumentParser:
        words = say(f"cli.{name}")
        sub = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
        sub.set_defaults(command=run)
        return sub

    command("doctor", _doctor)
    train = command("train", _train)
    source = train.add_mutually_exclusive_group(required=True)
    _option(source, "text", metavar="FILE")
    _option(source, "corpus", metavar="NAME")
    _option(source, "resume", metavar="DIR")
    _option(train, "tokenizer", metavar="char|byte|bpe")
    _option(train, "vocab-size", type=int, metavar="N")
    _option(train, "preset", metavar="NAME")
    _option(train, "steps", type=int, metavar="N")
    _option(train, "until-loss", type=float, metavar="X")
    _option(train, "minutes", type=float, metavar="M")
    _option(train, "seed", type=int, metavar="N")
    _option(train, "out", metavar="DIR")
    _option(train, "device", metavar="auto|cpu|cuda|mps")
    _option(train, "dtype", metavar="auto|fp32|tf32|bf16|fp16")
    _option(train, "compile", metavar="auto|on|off")
    _option(train, "recompute", action="store_true", default=None)
    _option(train, "accumulate", type=int, metavar="N")
    _option(train, "json", action="store_true")
    _option(train, "shard", action="store_true")

    record = command("record", _record)
    _option(record, "only", nargs="+", metavar="PART")
    _option(record, "small", action="store_true")
    _option(record, "device", default="auto", metavar="auto|cpu|cuda|mps")
    _option(record, "text", "record_text", type=Path, metavar="FILE")
    _option(record, "seed", type=int, default=0, metavar="N")
    _option(record, "out", "record_out", type=Path, default=Path("runs.json"), metavar="FILE")

    command("progress", _progress)
    grade = command("grade", _grade)
    grade.add_argument("notebooks", nargs="+", type=Path, help=say("grade.help_notebooks"))
    _option(grade, "csv", action="store_true")
    _option(grade, "limit", type=float, default=300.0, metavar="SECONDS")

    generate = command("generate", _generate)
    _option(generate, "model", required=True, metavar="DIR")
    _option(generate, "prompt", required=True, metavar="TEXT")
    _option(generate, "tokens", type=int, default=200, metavar="N")
    _option(generate, "temperature", type=float, metavar="T")
    _option(generate, "top-k", type=int, metavar="K")
    _option(generate, "top-p", type=float, metavar="P")
    _option(generate, "repetition-penalty", type=float, metavar="X")
    _option(generate, "beams", type=int, metavar="N")
    _option(generate, "stop", action="append", metavar="TEXT")
    _option(generate, "seed", type=int, metavar="N")
    _option(generate, "device", "device_use", default="auto", metavar="auto|cpu|cuda|mps")
    _option(generate, "compile", "compile_decode", action="store_true", default=None)

    serve = command("serve", _serve)
    _option(serve, "model", required=True, metavar="DIR")
    _option(serve, "host", default="127.0.0.1", metavar="ADDRESS")
    _option(serve, "port", type=int, default=8000, metavar="N")
    _option(serve, "rows", type=int, default=8, metavar="N")
    _option(serve, "waiting", type=int, default=32, metavar="N")
    _option(serve, "device", "device_use", default="auto", metavar="auto|cpu|cuda|mps")

    chat = command("chat", _chat)
    _option(chat, "model", "chat_model", required=True, metavar="DIR")
    _option(chat, "system", "chat_system", metavar="TEXT")
    _option(chat, "temperature", "chat_temperature", type=float, default=0.0, metavar="T")
    _option(chat, "seed", type=int, metavar="N")
    _option(chat, "device", "device_use", default="auto", metavar="auto|cpu|cuda|mps")

    attention = command("attention", _attention)
    _option(attention, "model", required=True, metavar="DIR")
    _option(attention, "text", "attention_text", required=True, metavar="TEXT")
    _option(attention, "out", "attention_out", default="attention.html", metavar="FILE")
    _option(attention, "head", metavar="L1.H3")
    return parser


def _option(parser, name: str, about: str | None = None, **settings: Any) -> None:
    """Add --name, its help being the string `option.about`; by default, of the same name."""
    words = say(f"option.{about or name.replace('-', '_')}")
    parser.add_argument(f"--{name}", help=words, **settings)


def _doctor(options: argparse.Namespace) -> int:
    from minillm import doctor

    return doctor.run(sys.stdout)


def _train(options: argparse.Namespace) -> int:
    from minillm import recipe, run
    from minillm.training import distributed

    given = {
        name: getattr(options, name)
        for name in recipe.OPTIONS
        if getattr(options, name) is not None
    }
    with distributed.joined(shard=options.shard, device=options.device) as ranks:
        if options.resume:
            session = run.resumed(options.resume, given, ranks=ranks)
        else:
            session = run.started(given, ranks=ranks)
        run.train(session, report=_print_json if options.json else None)
    return 0


def _print_json(line: dict) -> None:
    print(json.dumps(line), flush=True)


def _record(options: argparse.Namespace) -> int:
    from minillm import recorder

    recorder.record(
        options.out,
        parts=options.only or tuple(recorder.PARTS),
        small=options.small,
        device=options.device,
        seed=options.seed,
        text=options.text,
        report=_print_json,
    )
    print(say("record.done", path=options.out), file=sys.stderr)
    return 0


def _generate(options: argparse.Namespace) -> int:
    import torch

    from minillm import generate
    from minillm.run import load_model

    drawing = ("temperature", "top_k", "top_p", "repetition_penalty", "stop", "compile", "seed")
    how = {name: getattr(options, name) for name in drawing if getattr(options, name) is not None}
    if options.beams is not None and how:
        raise ValueError(say("cli.beams", option=next(iter(how)).replace("_", "-")))
    model, tokenizer = load_model(Path(options.model), options.device)
    seed, generator = how.pop("seed", None), torch.Generator()
    generator.manual_seed(seed) if seed is not None else generator.seed()
    if options.beams is not None:
        found = generate.beam_text(
            model, tokenizer, options.prompt, width=options.beams, count=options.tokens
        )
        print(found)
        return 0
    generate.show(
        model,
        tokenizer,
        options.prompt,
        count=options.tokens,
        generator=generator,
        **how,
    )
    return 0


def _serve(options: argparse.Namespace) -> int:
    from minillm import serve

    serve.run(
        Path(options.model),
        host=options.host,
        port=options.port,
        rows=options.rows,
        waiting=options.waiting,
        device=options.device,
    )
    return 0


def _chat(options: argparse.Namespace) -> int:
    import torch

    from minillm import chat
    from minillm.generate import Sampling

    talk = chat.load(options.model, options.device)
    if options.system is not None:
        talk.system = options.system
    # What no question could mend is refused before the first one.
    talk.tokenizer.encode(talk.system)
    Sampling(temperature=options.temperature)
    generator = torch.Generator()
    generator.manual_seed(options.seed) if options.seed is not None else generator.seed()
    chat.run(talk, sys.stdin, temperature=options.temperature, generator=generator)
    return 0


def _attention(options: argparse.Namespace) -> int:
    from minillm import viz
    from minillm.lens import record
    from minillm.run import load_model

    model, tokenizer = load_model(Path(options.model))
    recorded = record.attention(model, tokenizer, options.text)
    head = _head(options.head, recorded.weights.shape) if options.head else None
    path = viz.attention(*recorded, head=head).save(options.out)
    print(say("page.done", path=path))
    return 0


def _head(given: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """Layer and head of "L1.H3"."""
    named = re.fullmatch(r"L?(\d+)\.H?(\d+)", given, re.IGNORECASE | re.ASCII)
    head = (int(named[1]), int(named[2])) if named else shape[:2]
    if not (head[0] < shape[0] and head[1] < shape[1]):
        raise ValueError(say("page.head", given=given, layers=shape[0] - 1, heads=shape[1] - 1))
    return head


def _progress(options: argparse.Namespace) -> int:
    from minillm.exercises import progress

    print(progress.summary())
    return 0


def _grade(options: argparse.Namespace) -> int:
    from minillm.exercises import grade

    grade.report(options.notebooks, as_csv=options.csv, limit=options.limit)
    return 0
