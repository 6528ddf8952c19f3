"""A text cut into tokens, by tokenizers or by hand, and for BPE one merge after another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from minillm.tokenizer import BPETokenizer, Tokenizer, words
from minillm.tokenizer.base import utf8
from minillm.viz.labels import plain_text

STAYS, INSIDE = -1, 0  # a place between two bytes: where a token ends, or within one from the start


@dataclass(frozen=True, kw_only=True)
class Merge:
    """One merge that this text uses, at all its places at once."""

    rank: int  # its number among all the tokenizer's merges, from 0
    made: int  # the id that it makes
    first: tuple[int, int, int]  # where it is used first: start, middle and end, in bytes
    count: int  # how often


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """A text of n bytes as tokens."""

    tokens: list[bytes]
    ids: list[int] | None  # None where the tokens came as a plain list
    vocabulary: int | None  # how many tokens the tokenizer has
    gone: np.ndarray  # (n,) int32: the merge that takes away the place before byte i; STAYS; INSIDE
    merges: list[Merge]  # empty where the tokenizer does not merge


def cut_up(source: Tokenizer | Sequence[str | bytes], text: str, name: str) -> Pieces:
    """The tokens of `text`: encoded by a tokenizer, or given as a list that spells it."""
    if not hasattr(source, "encode"):
        tokens = [_as_bytes(token) for token in source]
        _check(tokens, text, name)
        return Pieces(tokens=tokens, ids=None, vocabulary=None, gone=_ends(tokens), merges=[])
    ids = source.encode(text)
    tokens = [source.token_bytes(number) for number in ids]
    if b"".join(tokens) != utf8(text):  # where printing adds the spaces, as the world does
        printed = list(source.stream(ids))
        tokens = [utf8(piece) for piece in printed] if len(printed) == len(ids) else tokens
    _check(tokens, text, name)
    gone, merges = _ends(tokens), []
    if isinstance(source, BPETokenizer):
        gone, merges = _history(source, text)
    return Pieces(tokens=tokens, ids=ids, vocabulary=source.vocab_size, gone=gone, merges=merges)


def _as_bytes(token: str | bytes) -> bytes:
    plain = plain_text(token)
    return plain if isinstance(plain, bytes) else utf8(plain)


def _check(tokens: list[bytes], text: str, name: str) -> None:
    """Refuse tokens that do not spell the text, naming the first that differs."""
    data, at = utf8(text), 0
    for i, token in enumerate(tokens):
        if not token:
            raise ValueError(f"{name}: token {i} is empty; leave it out.")
        if data[at : at + len(token)] != token:
            raise ValueError(
                f"{name}: token {i} is {token!r}, but the text goes on with "
                f"{data[at : at + max(8, len(token))]!r}. Tokens must spell the text, byte by byte."
            )
        at += len(token)
    if at < len(data):
        raise ValueError(
            f"{name}: the tokens end before the text, which goes on {data[at:][:20]!r}."
        )


def _ends(tokens: list[bytes]) -> np.ndarray:
    gone = np.full(sum(map(len, tokens)), INSIDE, dtype=np.int32)
    starts = np.cumsum([0, *map(len, tokens)])[:-1]
    gone[starts[starts < len(gone)]] = STAYS
    return gone


def _history(tokenizer: BPETokenizer, text: str) -> tuple[np.ndarray, list[Merge]]:
    """Merge by merge, as `encode` does it: which places go, and in which order."""
    ranks = {pair: rank for rank, pair in enumerate(tokenizer.merges)}
    used: dict[int, list[tuple[int, int, int]]] = {}
    at = 0
    for word in words(text):
        data = utf8(word)
        for rank, place in _joins(data, at, ranks):
            used.setdefault(rank, []).append(place)
        at += len(data)
    gone = np.full(at, STAYS, dtype=np.int32)
    merges = []
    for step, rank in enumerate(sorted(used), start=1):
        gone[[middle for _, middle, _ in used[rank]]] = step
        first, count = min(used[rank]), len(used[rank])
        merges.append(Merge(rank=rank, made=256 + rank, first=first, count=count))
    return gone, merges


def _joins(
    data: bytes, at: int, ranks: dict[tuple[int, int], int]
) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """Each join in one word that starts at byte `at`: its merge, and start, middle and end."""
    ids, places = list(data), list(range(at, at + len(data) + 1))
    never = len(ranks)
    while len(ids) > 1:
        rank = min(ranks.get(pair, never) for pair in pairwise(ids))
        if rank == never:
            return
        i = 0
        while i < len(ids) - 1:
            if ranks.get((ids[i], ids[i + 1])) == rank:
                yield rank, (places[i], places[i + 1], places[i + 2])
                ids[i : i + 2] = [256 + rank]
                del places[i + 1]
            i += 1
