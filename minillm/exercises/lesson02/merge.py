"""Exercise `pieces.merge`: one step of byte pair encoding."""

from collections.abc import Iterator
from itertools import pairwise

import torch

from minillm.exercises.registry import exercise


def _rows(generator: torch.Generator) -> Iterator[tuple]:
    yield [1, 2, 3, 1, 2], (1, 2), 256
    yield [7, 7, 7], (7, 7), 300
    yield [5, 1, 2, 1, 2, 6], (1, 2), 256
    yield [7, 7, 7, 7, 7], (7, 7), 301
    yield [2, 1, 2, 3, 1], (1, 2), 257
    yield [4, 5, 6], (5, 4), 256  # not there
    yield [9], (9, 9), 258
    yield [], (1, 2), 256
    yield torch.randint(0, 2, (14,), generator=generator).tolist(), (0, 1), 259
    yield [3, 8, 3, 3, 8, 8], (3, 8), 5
    yield [21, 2, 4, 1, 2, 30], (1, 2), 256  # the digits 1 2 stand at the front, too


@exercise("pieces.merge", lesson="02", inputs=_rows)
def merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    """A new list, with `new_id` wherever the two tokens of `pair` stand side by side.

    From left to right, and no token is used twice: in [4, 4, 4] the pair (4, 4) is joined
    once, at the front.
    """
    merged, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == tuple(pair):
            merged.append(new_id)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


@merge.mistake
def token_used_twice(ids, pair, new_id):
    """7 7 7 becomes two new tokens, which share the middle one."""
    merged, skip = [], False
    for i, token in enumerate(ids):
        if tuple(ids[i : i + 2]) == pair:
            merged.append(new_id)
            skip = True
        elif skip:
            skip = False
        else:
            merged.append(token)
    return merged


@merge.mistake
def from_the_right(ids, pair, new_id):
    """7 7 7 is joined at the end."""
    return merge(ids[::-1], (pair[1], pair[0]), new_id)[::-1]


@merge.mistake
def only_the_first(ids, pair, new_id):
    """Stops after one."""
    for i in range(len(ids) - 1):
        if tuple(ids[i : i + 2]) == pair:
            return [*ids[:i], new_id, *ids[i + 2 :]]
    return list(ids)


@merge.mistake
def second_stays(ids, pair, new_id):
    """Replaces the first of the two, and leaves the second."""
    return [new_id if tuple(ids[i : i + 2]) == pair else token for i, token in enumerate(ids)]


@merge.mistake(hint="second_stays")
def second_stays_last_lost(ids, pair, new_id):
    """The same, over pairs, of which there is one fewer than tokens."""
    return [new_id if both == pair else both[0] for both in pairwise(ids)]


@merge.mistake
def last_one_lost(ids, pair, new_id):
    """The loop ends before the last token."""
    merged, i = [], 0
    while i < len(ids) - 1:
        found = tuple(ids[i : i + 2]) == pair
        merged.append(new_id if found else ids[i])
        i += 1 + found
    return merged


@merge.mistake
def either_token(ids, pair, new_id):
    """Replaces each of the two wherever it stands."""
    return [new_id if token in pair else token for token in ids]


@merge.mistake(hint="either_token")
def first_replaced_second_dropped(ids, pair, new_id):
    """Replaces the one wherever it stands, and drops the other."""
    return [new_id if token == pair[0] else token for token in ids if token != pair[1]]


@merge.mistake
def order_ignored(ids, pair, new_id):
    """Joins 2 1 as well as 1 2."""
    merged, i = [], 0
    while i < len(ids):
        if sorted(ids[i : i + 2]) == sorted(pair):
            merged.append(new_id)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


@merge.mistake
def never_found(ids, pair, new_id):
    """Compares what can never be equal: a list with a tuple, a token with the pair."""
    return list(ids)


@merge.mistake
def every_second_place(ids, pair, new_id):
    """Looks at places 0 and 1, 2 and 3, ..."""
    twos = [ids[i : i + 2] for i in range(0, len(ids), 2)]
    return [token for two in twos for token in ([new_id] if tuple(two) == pair else two)]


@merge.mistake
def digits(ids, pair, new_id):
    """Replaces in the printed numbers, where 21 2 holds 1 2."""
    left, right = pair
    printed = " ".join(map(str, ids)).replace(f"{left} {right}", str(new_id))
    return [int(number) for number in printed.split()]


@merge.mistake
def others_dropped(ids, pair, new_id):
    """Keeps the new tokens alone."""
    return [new_id] * merge(ids, pair, -1).count(-1)
