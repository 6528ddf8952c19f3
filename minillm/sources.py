"""What a run trains on: a text, or the world, whose best possible loss is known. Lesson 06."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from tqdm import tqdm

from minillm import corpus
from minillm.batches import DocumentRows, Windows, hold_out, windows
from minillm.distributed import writes
from minillm.language import say
from minillm.tokenizer import BPETokenizer, ByteTokenizer, CharTokenizer, Tokenizer
from minillm.world import KINDS, World


class Source(Protocol):
    """Material to train on, and the part of it that is held out."""

    kinds: tuple[str, ...]  # of choices that the oracle tells apart; empty for a text

    @property
    def fingerprint(self) -> str:
        """Changes when the material does."""

    def tokenizer(self, name: str, vocab_size: int) -> Tokenizer:
        """The tokenizer called "char", "byte" or "bpe", made for this material."""

    def data(self, tokenizer: Tokenizer, *, context: int, batch_size: int) -> tuple:
        """What to train on, and what is held out."""


@dataclass(frozen=True)
class TextSource:
    """A text; its last tenth is held out."""

    text: str
    kinds: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def tokenizer(self, name: str, vocab_size: int) -> Tokenizer:
        """A tokenizer for this text; bpe learns from the training part alone."""
        if name == "byte":
            return ByteTokenizer()
        if name == "char":
            return CharTokenizer.train(self.text)  # of the held-out part, only the alphabet
        with tqdm(desc=say("train.merges"), unit="", disable=not writes()) as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            train, _ = hold_out(self.text)
            return BPETokenizer.train(train, vocab_size=vocab_size, progress=progress)

    def data(
        self, tokenizer: Tokenizer, *, context: int, batch_size: int
    ) -> tuple[Windows, Windows]:
        """Windows of both parts."""
        return windows(self.text, tokenizer, context=context, batch_size=batch_size)


@dataclass(frozen=True)
class WorldSource:
    """Documents that a world writes; those held out share none with training. Lesson 05."""

    seed: int = 0
    language: str = "en"
    documents: int = 16_000  # to train on
    held_out: int = 500
    kinds: tuple[str, ...] = KINDS

    @cached_property
    def world(self) -> World:
        """The town and its oracle."""
        return World(self.seed, self.language)

    @property
    def fingerprint(self) -> str:
        """What decides every document."""
        return f"world {self.seed} {self.language} {self.documents} {self.held_out}"

    def tokenizer(self, name: str, vocab_size: int) -> Tokenizer:
        """The world's own: a token is a word."""
        return self.world.tokenizer

    def data(
        self, tokenizer: Tokenizer, *, context: int, batch_size: int
    ) -> tuple[DocumentRows, DocumentRows]:
        """Documents to train on, and others to score."""
        parts = corpus.world(self.world, documents=self.documents, held_out=self.held_out)
        train_rows, held_out = (
            DocumentRows(part, end=self.world.tokenizer.end, batch_size=batch_size)
            for part in parts
        )
        longest = max(train_rows.context, held_out.context)
        if longest > context:
            raise ValueError(
                f"The world's documents have up to {longest} tokens, but this model reads "
                f"{context} at once; choose the preset world."
            )
        return train_rows, held_out
