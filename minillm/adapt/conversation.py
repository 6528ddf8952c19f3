"""Conversations as training data: who speaks, what is learnt, where it ends. Lesson 11."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from minillm.batches import IGNORE, Batch
from minillm.tokenizer import Tokenizer

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Turn:
    """What one side says; the system says at the start what both should know."""

    role: Role
    text: str


@dataclass(frozen=True, kw_only=True)
class Template:
    """How a turn is written: what stands before the text, and after it.

    An answer is followed by the tokenizer's end token, which is how a model learns to stop.
    """

    system: tuple[str, str] = ("", "\n")
    user: tuple[str, str] = ("Q: ", "\n")
    assistant: tuple[str, str] = ("A: ", "")

    def spell(self, turns: Sequence[Turn], tokenizer: Tokenizer) -> tuple[list[int], list[bool]]:
        """The tokens of a conversation, and for each whether it is part of an answer.

        Every piece is made into tokens by itself, so that none reaches across the line between
        what is learnt and what is not. Raises ValueError for a role that is not one of the three,
        and for a tokenizer with no end token.
        """
        if tokenizer.end is None:
            raise ValueError(f"{tokenizer!r} has no end token, so that no answer could end.")
        ids: list[int] = []
        answers: list[bool] = []
        for turn in turns:
            if turn.role not in get_args(Role):
                raise ValueError(f"{turn.role!r} is no role; it is {', '.join(get_args(Role))}.")
            before, after = getattr(self, turn.role)
            answer = turn.role == "assistant"
            end = [tokenizer.end] if answer else []
            pieces = [
                (tokenizer.encode(before) if before else [], False),
                (tokenizer.encode(turn.text) + end, answer),
                (tokenizer.encode(after) if after else [], False),
            ]
            for piece, learnt in pieces:
                ids += piece
                answers += [learnt] * len(piece)
        return ids, answers

    def prompt(self, turns: Sequence[Turn], tokenizer: Tokenizer) -> list[int]:
        """The tokens after which the model is to answer: all turns, and how an answer begins."""
        ids, _ = self.spell(turns, tokenizer)
        before, _ = self.assistant
        return [*ids, *(tokenizer.encode(before) if before else [])]


class ConversationRows:
    """Whole conversations, one a row, of which the answers alone are scored.

    `sample` and `whole` give what a `Trainer` takes. inputs and targets (N, T): the end token is
    read first, targets are the inputs one step later where an answer is due, IGNORE elsewhere.
    Raises ValueError for a conversation with no answer, or one that is longer than `context`.
    """

    def __init__(
        self,
        conversations: Sequence[Sequence[Turn]],
        tokenizer: Tokenizer,
        *,
        batch_size: int,
        template: Template | None = None,
        context: int | None = None,
    ) -> None:
        template = template or Template()
        if not conversations:
            raise ValueError("There are no conversations; give at least one.")
        self.batch_size, inputs, targets = batch_size, [], []
        for number, turns in enumerate(conversations):
            ids, answers = template.spell(turns, tokenizer)
            if not any(answers):
                raise ValueError(f"Conversation {number} has no answer, so nothing to learn from.")
            if context is not None and len(ids) > context:
                raise ValueError(
                    f"Conversation {number} has {len(ids)} tokens; the model reads {context}."
                )
            inputs.append(torch.tensor([tokenizer.end, *ids[:-1]]))
            targets.append(
                torch.tensor([i if a else IGNORE for i, a in zip(ids, answers, strict=True)])
            )
        self.lengths = torch.tensor([len(row) for row in inputs])
        self.inputs = torch.nn.utils.rnn.pad_sequence(inputs, True, tokenizer.end)
        self.targets = torch.nn.utils.rnn.pad_sequence(targets, True, IGNORE)

    def sample(self, generator: torch.Generator) -> Batch:
        """`batch_size` conversations at random, padded to the longest of them."""
        return self._rows(torch.randint(len(self.lengths), (self.batch_size,), generator=generator))

    def whole(self, batch_size: int = 128) -> Iterator[Batch]:
        """Every conversation once, in order."""
        for rows in torch.arange(len(self.lengths)).split(batch_size):
            yield self._rows(rows)

    def _rows(self, rows: Tensor) -> Batch:
        T = int(self.lengths[rows].max())
        return Batch(inputs=self.inputs[rows, :T], targets=self.targets[rows, :T])
