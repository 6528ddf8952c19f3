"""Exercise `pieces.best_pair`: what to join next."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, pairwise

import torch

from minillm.exercises.registry import exercise


def _texts(generator: torch.Generator) -> Iterator[tuple]:
    yield [[1, 2, 3], [1, 2]], [1, 2]
    yield [[1, 2], [3, 4]], [2, 5]  # rare in the list, frequent in the text
    yield [[5, 6], [7, 5], [6, 7], [8, 9]], [2, 2, 2, 3]  # across words 6 7 would lead
    yield [[4, 4, 4, 4], [1, 2], [1, 2]], [1, 1, 1]  # 4 4 three times, twice without overlap
    yield [[9, 8], [3, 7], [3, 2]], [4, 4, 4]  # all alike
    yield [[2, 1], [1, 2], [3, 5]], [2, 3, 4]  # 1 2 and 2 1 are different pairs
    yield [[6, 1, 2], [6, 3, 2], [6, 2], [5, 5]], [3, 3, 1, 4]  # 6 ... 2 are no neighbours
    yield [[1, 2, 3, 1, 2], [1, 2], [4, 5]], [3, 1, 6]  # 1 2 twice in one word
    yield [[7, 2, 3], [6, 2, 3]], [3, 3]
    yield [[7, 2, 3], [1, 6], [5, 2, 3]], [3, 4, 3]  # 2 3 leads only with both of its words
    yield [[4, 2], [3, 2], [1, 9]], [2, 2, 2]  # the smallest by its left token, not by its sum
    yield [[3], [104, 101], [101], [116, 104]], [90, 7, 3, 9]
    yield [[8, 3, 8, 3], [3, 9], [300, 2], [2, 2, 2]], [2, 4, 3, 2]
    words = torch.randint(1, 4, (6, 5), generator=generator).tolist()
    yield words, [1, 8, 2, 5, 3, 4]


def _pairs(words, counts):
    found = Counter()
    for ids, count in zip(words, counts, strict=True):
        for pair in pairwise(ids):
            found[pair] += count
    return found


@exercise("pieces.best_pair", lesson="02", inputs=_texts)
def best_pair(words: list[list[int]], counts: list[int]) -> tuple[int, int]:
    """The pair of neighbours that a text has most often: (left, right).

    Word i of the text is the list of tokens words[i], and occurs counts[i] times. No pair
    reaches from one word into another; (4, 4) occurs twice in [4, 4, 4]. Of several pairs
    that are equally frequent, take the smallest.
    """
    found = Counter()
    for ids, count in zip(words, counts, strict=True):
        for pair in pairwise(ids):
            found[pair] += count
    return min(found, key=lambda pair: (-found[pair], pair))


def _smallest_best(found):
    return min(found, key=lambda pair: (-found[pair], pair))


@best_pair.mistake
def each_word_once(words, counts):
    """Forgets how often each word occurs."""
    return _smallest_best(_pairs(words, [1] * len(words)))


@best_pair.mistake
def across_words(words, counts):
    """Counts in one long row, over the edges of words."""
    repeated = zip(words, counts, strict=True)
    row = [token for ids, count in repeated for _ in range(count) for token in ids]
    return _smallest_best(Counter(pairwise(row)))


@best_pair.mistake(hint="across_words")
def across_words_once(words, counts):
    """The same, each word once."""
    return _smallest_best(Counter(pairwise([token for ids in words for token in ids])))


@best_pair.mistake
def first_of_equals(words, counts):
    """Of equals, the one met first."""
    return _pairs(words, counts).most_common(1)[0][0]


@best_pair.mistake(hint="first_of_equals")
def largest_of_equals(words, counts):
    """Of equals, the largest."""
    found = _pairs(words, counts)
    return max(found, key=lambda pair: (found[pair], pair))


@best_pair.mistake
def without_overlap(words, counts):
    """Goes on two places after a pair: 4 4 4 holds 4 4 once."""
    found = Counter()
    for ids, count in zip(words, counts, strict=True):
        last = {}
        for i, pair in enumerate(pairwise(ids)):
            if last.get(pair) != i - 1:
                found[pair] += count
                last[pair] = i
    return _smallest_best(found)


@best_pair.mistake
def last_word_only(words, counts):
    """Puts a word's count in the place of what was counted before."""
    found = {}
    for ids, count in zip(words, counts, strict=True):
        for pair in pairwise(ids):
            found[pair] = count
    return _smallest_best(found)


@best_pair.mistake
def either_order(words, counts):
    """Takes 1 2 and 2 1 for the same pair."""
    found = Counter()
    for pair, count in _pairs(words, counts).items():
        found[tuple(sorted(pair))] += count
    return _smallest_best(found)


@best_pair.mistake
def once_a_word(words, counts):
    """Counts a pair once in each word that has it."""
    found = Counter()
    for ids, count in zip(words, counts, strict=True):
        for pair in set(pairwise(ids)):
            found[pair] += count
    return _smallest_best(found)


@best_pair.mistake
def not_neighbours(words, counts):
    """Pairs any two tokens of a word."""
    found = Counter()
    for ids, count in zip(words, counts, strict=True):
        for pair in combinations(ids, 2):
            found[pair] += count
    return _smallest_best(found)


@best_pair.mistake
def rarest(words, counts):
    """The least frequent pair."""
    found = _pairs(words, counts)
    return min(found, key=lambda pair: (found[pair], pair))


@best_pair.mistake
def two_frequent_tokens(words, counts):
    """Counts tokens, not pairs."""
    found = Counter()
    for ids, count in zip(words, counts, strict=True):
        for token in ids:
            found[token] += count
    return tuple(token for token, _ in found.most_common(2))


@best_pair.mistake
def every_second(words, counts):
    """Cuts a word in twos: places 0 and 1, 2 and 3, ..."""
    found = Counter()
    for ids, count in zip(words, counts, strict=True):
        for pair in zip(ids[::2], ids[1::2], strict=False):
            found[pair] += count
    return _smallest_best(found)
