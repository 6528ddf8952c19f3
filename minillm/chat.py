"""Talk with a model that was tuned to answer: `python -m minillm chat`. Lesson 11."""

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

import minillm.world  # noqa: F401  so that a saved model finds its tokenizer
from minillm import generate
from minillm.adapt.conversation import Template, Turn
from minillm.language import say
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer import Tokenizer
from minillm.training import checkpoint, precision


class Full(ValueError):
    """The conversation does not fit into what the model reads at once."""


@dataclass(kw_only=True)
class Chat:
    """A conversation with a tuned model, which goes on with every question.

    system: what the model is told first, such as the orders of a shop.
    """

    model: GPT
    tokenizer: Tokenizer
    template: Template
    system: str = ""
    turns: list[Turn] = field(default_factory=list)

    def say(self, text: str, **options) -> Iterator[str]:
        """The answer to `text`, piece by piece; question and answer are then part of the turns.

        options: of `generate.tokens`; the likeliest token is taken unless they say otherwise.
        Raises ValueError for words that the tokenizer does not know, and Full where no room is
        left: then nothing has been said. An answer that is cut by the end of the room raises Full
        when what there was of it has been given.
        """
        turns = [*(self.turns or self._opening()), Turn("user", text)]
        ids = [self.tokenizer.end, *self.template.prompt(turns, self.tokenizer)]
        room = self.model.config.context - len(ids)
        if room < 1:
            raise Full(say("chat.full", tokens=len(ids), context=self.model.config.context))
        return self._answer(turns, ids, room, {"temperature": 0, **options})

    def _opening(self) -> list[Turn]:
        return [Turn("system", self.system)] if self.system else []

    def _answer(self, turns: list[Turn], ids: list[int], room: int, options: dict) -> Iterator[str]:
        end, new, said = self.tokenizer.end, [], []
        tokens = generate.tokens(self.model, ids, end=end, **{"count": room, **options})
        for piece in generate.continuation(self.tokenizer, ids, _noted(tokens, new)):
            fresh = piece if said else piece.lstrip()  # the template ends before the space
            if fresh:
                said.append(fresh)
                yield fresh
        self.turns = [*turns, Turn("assistant", "".join(said))]
        if len(new) == room:
            raise Full(say("chat.cut", context=self.model.config.context))

    def new(self) -> None:
        """Forget what was said."""
        self.turns = []


def _noted(tokens: Iterator[int], into: list[int]) -> Iterator[int]:
    """The same tokens, each put into a list as it passes."""
    for token in tokens:
        into.append(token)
        yield token


def save(
    folder: str | Path, model: GPT, tokenizer: Tokenizer, template: Template, *, system: str = ""
) -> Path:
    """Keep a tuned model with the template it was tuned with, which `load` needs. Lesson 11."""
    about = {"template": asdict(template), "system": system}
    return checkpoint.save_model(folder, model, tokenizer, run=about)


def load(folder: str | Path, device: str = "cpu") -> Chat:
    """A new conversation with the model in `folder`; ValueError where it was not tuned for one.

    device as in `training.precision.choose`: "auto" takes a GPU where there is one.
    """
    place = precision.choose(device).device
    saved = checkpoint.load(folder)
    about = saved.about["run"]
    if "template" not in about:
        raise ValueError(say("chat.no_template", path=saved.path))
    model = GPT(GPTConfig(**saved.about["model"]))
    saved.fill(model)
    template = Template(**{role: tuple(words) for role, words in about["template"].items()})
    return Chat(
        model=model.to(place).eval(),
        tokenizer=saved.tokenizer(),
        template=template,
        system=about.get("system", ""),
    )


def run(talk: Chat, questions: TextIO, **options) -> None:
    """Talk in a terminal, until /quit or the end of `questions`; /new begins again."""
    shown = questions is sys.stdin and questions.isatty()
    print(say("chat.help"))
    if talk.system:
        print(talk.system)
    while True:
        print("> ", end="", flush=True)
        line = questions.readline()
        if not (shown and line):  # a terminal shows what is typed, but Ctrl-D leaves its line open
            print(line.rstrip("\n"))
        line = line.strip() or ("" if line else "/quit")
        if line == "/quit":
            return
        if line == "/new":
            talk.new()
            print(say("chat.new"))
        elif line:
            _reply(talk, line, options)


def _reply(talk: Chat, question: str, options: dict) -> None:
    piece = ""
    try:
        for piece in talk.say(question, **options):
            print(piece, end="", flush=True)
        print()
    except ValueError as error:  # an unknown word, or no room
        print(f"\n{error}" if piece else error)
