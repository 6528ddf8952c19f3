"""What of a long conversation still fits."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _long_talks(generator: torch.Generator) -> Iterator[tuple]:
    def turns(*lengths: int) -> list[list[int]]:
        draw = torch.randint(1, 90, (sum(lengths),), generator=generator)
        return [part.tolist() for part in draw.split(lengths)]

    yield turns(3, 2, 4, 2, 3, 4), 12  # one pair
    yield turns(3, 2, 4, 2, 3, 4), 18  # all
    yield turns(3, 2, 4, 2, 3, 4), 16  # one pair, and room for half of another
    yield turns(4, 3, 3, 2, 2, 3, 3, 2), 17
    yield turns(5, 4), 9
    yield turns(2, 2, 2, 9, 9, 1, 1, 3), 14  # a long pair in the middle
    yield turns(6, 3, 3, 2, 2, 2), 12  # one pair fits exactly
    yield turns(6, 3, 3, 2, 2, 2), 11  # and not, by one token
    yield turns(2, 1, 1, 6, 5, 2, 2, 4), 12
    yield turns(3, 4, 2, 6, 1, 2), 8  # none, but half of one would
    yield turns(3, 2, 2, 1, 3, 5), 13


@exercise("assistant.fit", lesson="11", inputs=_long_talks)
def fit(turns: list[list[int]], room: int) -> list[list[int]]:
    """The turns that still fit when a conversation is longer than what the model reads at once.

    turns: tokens of the orders, then of question, answer, question, answer, ..., and last the
    question to be answered. The orders and the last question are always kept (together they are
    no longer than `room`). Before the last question are kept as many of the latest pairs of
    question and answer as fit into `room` tokens in all. No pair is kept without those after it.
    """
    first, last = turns[0], turns[-1]
    kept, left = [], room - len(first) - len(last)
    for start in range(len(turns) - 3, 0, -2):
        pair = turns[start : start + 2]
        size = sum(map(len, pair))
        if size > left:
            break
        kept, left = pair + kept, left - size
    return [first, *kept, last]


@fit.mistake
def question_cut(turns, room):
    """Keeps what comes first."""
    kept = []
    for turn in turns:
        if len(turn) > room:
            break
        kept.append(turn)
        room -= len(turn)
    return kept


@fit.mistake
def orders_cut(turns, room):
    """Keeps what comes last, and the orders go."""
    kept = []
    for turn in reversed(turns):
        if len(turn) > room:
            break
        kept.insert(0, turn)
        room -= len(turn)
    return kept


@fit.mistake
def half_a_pair(turns, room):
    """Keeps an answer whose question is gone."""
    kept, left = [], room - len(turns[0]) - len(turns[-1])
    for turn in turns[-2:0:-1]:
        if len(turn) > left:
            break
        kept.insert(0, turn)
        left -= len(turn)
    return [turns[0], *kept, turns[-1]]


@fit.mistake
def oldest_kept(turns, room):
    """Keeps the first pairs, not the latest."""
    kept, left = [], room - len(turns[0]) - len(turns[-1])
    for start in range(1, len(turns) - 2, 2):
        pair = turns[start : start + 2]
        if sum(map(len, pair)) > left:
            break
        kept += pair
        left -= sum(map(len, pair))
    return [turns[0], *kept, turns[-1]]


@fit.mistake
def gaps(turns, room):
    """Leaves out a pair that is too long and goes on with older ones."""
    kept, left = [], room - len(turns[0]) - len(turns[-1])
    for start in range(len(turns) - 3, 0, -2):
        pair = turns[start : start + 2]
        if sum(map(len, pair)) <= left:
            kept = pair + kept
            left -= sum(map(len, pair))
    return [turns[0], *kept, turns[-1]]


@fit.mistake
def one_token_too_careful(turns, room):
    """A pair that just fits is left out."""
    return fit(turns, max(room - 1, len(turns[0]) + len(turns[-1])))


@fit.mistake
def orders_not_counted(turns, room):
    """The room for the orders is forgotten."""
    return fit(turns, room + len(turns[0]))


@fit.mistake(hint="orders_not_counted")
def question_not_counted(turns, room):
    """The room for the last question is forgotten."""
    return fit(turns, room + len(turns[-1]))


@fit.mistake
def nothing_between(turns, room):
    """All that was said before goes as soon as not all of it fits."""
    return turns if sum(map(len, turns)) <= room else [turns[0], turns[-1]]


@fit.mistake
def latest_first(turns, room):
    """The right pairs in the wrong order."""
    first, *middle, last = fit(turns, room)
    pairs = [middle[i : i + 2] for i in range(0, len(middle), 2)]
    return [first, *(turn for pair in reversed(pairs) for turn in pair), last]


@fit.mistake
def all_kept(turns, room):
    """Nothing is left out."""
    return list(turns)


@fit.mistake(hint="orders_not_counted")
def pairs_alone_counted(turns, room):
    """The room for both is forgotten."""
    return fit(turns, room + len(turns[0]) + len(turns[-1]))


@fit.mistake
def each_pair_alone(turns, room):
    """What the pairs before took is forgotten: each is measured by the whole rest."""
    kept, left = [], room - len(turns[0]) - len(turns[-1])
    for start in range(len(turns) - 3, 0, -2):
        pair = turns[start : start + 2]
        if sum(map(len, pair)) > left:
            break
        kept = pair + kept
    return [turns[0], *kept, turns[-1]]


@fit.mistake
def one_pair_dropped(turns, room):
    """The oldest pair goes, and no other."""
    return turns if sum(map(len, turns)) <= room else [turns[0], *turns[3:]]


@fit.mistake(hint="latest_first")
def answers_first(turns, room):
    """The right pairs, but each answer stands before its question."""
    first, *middle, last = fit(turns, room)
    pairs = [middle[i : i + 2] for i in range(0, len(middle), 2)]
    return [first, *(turn for pair in pairs for turn in reversed(pair)), last]


@fit.mistake(hint="latest_first")
def all_turned_round(turns, room):
    """Everything between is turned round."""
    first, *middle, last = fit(turns, room)
    return [first, *reversed(middle), last]


@fit.mistake(hint="orders_cut")
def orders_first_to_go(turns, room):
    """Two turns at a time are dropped from the front, the orders among the first."""
    kept = list(turns)
    while sum(map(len, kept)) > room:
        kept = kept[2:]
    return kept


@fit.mistake(hint="question_cut")
def question_first_to_go(turns, room):
    """Two turns at a time are dropped from the end."""
    kept = list(turns)
    while sum(map(len, kept)) > room:
        kept = kept[:-2]
    return kept


@fit.mistake
def half_a_turn(turns, room):
    """The oldest turns are cut token by token."""
    over, kept = sum(map(len, turns)) - room, []
    for turn in turns[1:-1]:
        cut = min(max(over, 0), len(turn))
        kept += [turn[cut:]] if cut < len(turn) else []
        over -= cut
    return [turns[0], *kept, turns[-1]]


@fit.mistake(hint="half_a_turn")
def one_row(turns, room):
    """All tokens in one row, the last ones kept."""
    return [token for turn in turns for token in turn][-room:]
