"""Exercise `pieces.encode`: all merges, in the order in which they were learnt."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import torch

from minillm.exercises.lesson02.merge import merge, only_the_first
from minillm.exercises.registry import exercise


def _words(generator: torch.Generator) -> Iterator[tuple]:
    a, b, c, d, x = b"abcdx"
    yield [a, b, c], [(a, b), (256, c)]
    yield [a, b, c], [(b, c), (a, b)]  # the older merge takes the b
    yield [a, b, c], [(a, b), (b, c), (a, 257)]  # abc has a token, and no way to it
    yield [a, b, c], [(b, c), (a, b), (a, 256)]
    yield [b, c, d], [(a, b), (c, d), (b, c), (258, d)]
    yield [x, a, b, x, a, b, c, a, b], [(a, b), (256, c), (x, 256)]
    yield [a, a, a, a, a], [(a, a), (256, 256)]
    yield [c, d, c, d, a, b], [(a, x), (c, d), (257, 257), (a, b), (258, 259)]
    yield [a, b, c, b, c, d], [(a, b), (b, c), (c, d)]  # b c is the most frequent here
    yield [x], [(a, b)]
    yield [b, a, d], []
    merges = [(a, b), (b, b), (b, a), (256, b), (256, 256), (a, a), (257, 258)]
    yield [a if bit else b for bit in torch.randint(0, 2, (12,), generator=generator)], merges


@exercise("pieces.encode", lesson="02", inputs=_words)
def encode(ids: list[int], merges: list[tuple[int, int]]) -> list[int]:
    """The tokens of one word, a list. `ids` are its bytes; merges[i] makes token 256 + i.

    The merges are made in the order in which they were learnt, each wherever its pair
    stands, from left to right.
    """
    for i, pair in enumerate(merges):
        ids = merge(ids, pair, 256 + i)
    return list(ids)


def _spellings(merges):
    """The bytes of each token that the merges make."""
    spelled = {i: (i,) for i in range(256)}
    for i, (left, right) in enumerate(merges):
        spelled[256 + i] = spelled[left] + spelled[right]
    return spelled


@encode.mistake
def longest_first(ids, merges):
    """At each place the longest token that fits."""
    spelled, found, i = _spellings(merges), [], 0
    while i < len(ids):
        fits = [t for t, s in spelled.items() if tuple(ids[i : i + len(s)]) == s]
        found.append(max(fits, key=lambda token: len(spelled[token])))
        i += len(spelled[found[-1]])
    return found


@encode.mistake
def leftmost_first(ids, merges):
    """Joins the first pair from the left that has a merge, again and again."""
    ids = list(ids)
    while True:
        places = [i for i, pair in enumerate(pairwise(ids)) if pair in merges]
        if not places:
            return ids
        i = places[0]
        ids[i : i + 2] = [256 + merges.index((ids[i], ids[i + 1]))]


@encode.mistake(hint="leftmost_first")
def leftmost_first_once(ids, merges):
    """The same, walking through the word a single time."""
    found, i = [], 0
    while i < len(ids):
        pair = tuple(ids[i : i + 2])
        known = pair in merges
        found.append(256 + merges.index(pair) if known else ids[i])
        i += 1 + known
    return found


@encode.mistake
def newest_first(ids, merges):
    """Starts with the merge that was learnt last, until none applies."""
    for _ in range(len(ids)):
        for i in range(len(merges) - 1, -1, -1):
            ids = merge(ids, merges[i], 256 + i)
    return list(ids)


@encode.mistake(hint="newest_first")
def newest_first_once(ids, merges):
    """The same, going through the merges once."""
    for i in range(len(merges) - 1, -1, -1):
        ids = merge(ids, merges[i], 256 + i)
    return list(ids)


@encode.mistake
def each_merge_once(ids, merges):
    """Makes each merge at one place only."""
    for i, pair in enumerate(merges):
        ids = only_the_first(ids, pair, 256 + i)
    return list(ids)


@encode.mistake
def stops_where_none(ids, merges):
    """Stops at the first merge whose pair is not there."""
    for i, pair in enumerate(merges):
        if pair not in list(pairwise(ids)):
            break
        ids = merge(ids, pair, 256 + i)
    return list(ids)


@encode.mistake
def only_one_merge(ids, merges):
    """Stops after the first merge that applies."""
    for i, pair in enumerate(merges):
        if pair in list(pairwise(ids)):
            return merge(ids, pair, 256 + i)
    return list(ids)


@encode.mistake
def numbered_from_zero(ids, merges):
    """Merge i makes token i."""
    for i, pair in enumerate(merges):
        ids = merge(ids, pair, i)
    return list(ids)


@encode.mistake(hint="numbered_from_zero")
def numbered_from_257(ids, merges):
    """One too far."""
    for i, pair in enumerate(merges):
        ids = merge(ids, pair, 257 + i)
    return list(ids)


@encode.mistake
def numbered_by_use(ids, merges):
    """Gives the next number only to a merge that finds its pair."""
    token = 256
    for pair in merges:
        if pair in list(pairwise(ids)):
            ids = merge(ids, pair, token)
            token += 1
    return list(ids)


@encode.mistake
def counts_again(ids, merges):
    """Of the merges that apply, the one that this word has most often."""
    while found := Counter(pair for pair in pairwise(ids) if pair in merges):
        pair = found.most_common(1)[0][0]
        ids = merge(ids, pair, 256 + merges.index(pair))
    return list(ids)


@encode.mistake(hint="counts_again")
def learns_again(ids, merges):
    """Learns merges from this word alone."""
    for i in range(len(merges)):
        if len(ids) > 1:
            found = Counter(pairwise(ids))
            ids = merge(ids, min(found, key=lambda pair: (-found[pair], pair)), 256 + i)
    return list(ids)


@encode.mistake
def nothing_joined(ids, merges):
    """Throws away what `merge` returns."""
    for i, pair in enumerate(merges):
        merge(ids, pair, 256 + i)
    return list(ids)


@encode.mistake
def bytes_only(ids, merges):
    """Makes the merges of two bytes, and none that joins what a merge has made."""
    for i, pair in enumerate(merges):
        if max(pair) < 256:
            ids = merge(ids, pair, 256 + i)
    return list(ids)
