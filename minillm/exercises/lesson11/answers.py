"""How good an answer is: exact match, and the words it shares with the truth."""

import re
from collections import Counter
from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _said(generator: torch.Generator) -> Iterator[tuple]:
    red, cost = "It is red.", "It cost ten coins."
    yield ["It is red.", "It is blue."], [red] * 2
    yield ["it is red.", "IT IS RED.", "It is blue."], [red] * 3  # capitals
    yield ["It is red", "It is red!", "It, is: red.", "Red."], [red] * 4  # signs
    yield ["It  is red.", " It is red. ", "It is   blue."], [red] * 3  # spaces
    yield ["it  is RED", " it is\tred?", "It cost ten coins"], [red, red, cost]  # all of them
    yield ["", "ten", "It cost two coins.", "It cost ten coins."], [cost] * 4
    yield ["No where.", "nowhere", "In no where"], ["Nowhere.", "No where.", "In nowhere!"]
    yield ["Itis red.", "It isred", "It is red"], [red] * 3
    yield ["It is red, it is red.", "So it is red.", "It is red it is"], [red] * 3
    yield ["It is", "red", "It is red"], [red, red, "It is red, you see."]
    yield ["Is it red?", "Red it is.", "Ten coins it cost."], [red, red, cost]
    yield ["Ten ten ten coins.", "It is is is red.", "It is red, red."], [cost, red, red]
    yield ["It is is red."], ["It is red, is it?"]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@exercise("assistant.exact_match", lesson="11", inputs=_said)
def exact_match(said: list[str], true: list[str]) -> float:
    """The share of answers that say the same words in the same order, between 0 and 1.

    Capitals, the signs . , : ! ? and how many spaces there are do not count.
    """

    def words(text):
        for sign in ".,:!?":
            text = text.replace(sign, " ")
        return text.lower().split()

    return sum(words(a) == words(b) for a, b in zip(said, true, strict=True)) / len(true)


def _share(said, true, right) -> float:
    return sum(bool(right(a, b)) for a, b in zip(said, true, strict=True)) / len(true)


@exact_match.mistake
def signs_count(said, true):
    """Capitals and spaces are evened out, signs are not."""
    return _share(said, true, lambda a, b: a.lower().split() == b.lower().split())


@exact_match.mistake(hint="signs_count")
def lower_and_stripped(said, true):
    """Capitals and spaces at the ends, no signs."""
    return _share(said, true, lambda a, b: a.lower().strip() == b.lower().strip())


@exact_match.mistake
def letter_by_letter(said, true):
    """Every sign and space counts."""
    return _share(said, true, lambda a, b: a == b)


@exact_match.mistake(hint="letter_by_letter")
def only_stripped(said, true):
    """Spaces at the ends alone are taken off."""
    return _share(said, true, lambda a, b: a.strip() == b.strip())


@exact_match.mistake
def capitals_count(said, true):
    """Signs and spaces are evened out, capitals are not."""
    return _share(said, true, lambda a, b: re.findall(r"\w+", a) == re.findall(r"\w+", b))


@exact_match.mistake
def without_spaces(said, true):
    """All spaces are taken out: "no where" is "nowhere"."""
    return _share(said, true, lambda a, b: "".join(_words(a)) == "".join(_words(b)))


@exact_match.mistake(hint="spaces_count")
def strip_signs_only(said, true):
    """Signs are taken out and the ends stripped; double spaces stay."""

    def plain(text):
        return re.sub(r"[.,:!?]", "", text).lower().strip()

    return _share(said, true, lambda a, b: plain(a) == plain(b))


@exact_match.mistake
def spaces_count(said, true):
    """Signs and capitals are evened out, spaces are not."""

    def plain(text):
        return re.sub(r"[.,:!?]", "", text).lower()

    return _share(said, true, lambda a, b: plain(a) == plain(b))


@exact_match.mistake
def contained(said, true):
    """The truth has to be in the answer somewhere."""
    return _share(said, true, lambda a, b: " ".join(_words(b)) in " ".join(_words(a)))


@exact_match.mistake
def contained_in_the_truth(said, true):
    """The answer has to be in the truth somewhere: "" always is."""
    return _share(said, true, lambda a, b: " ".join(_words(a)) in " ".join(_words(b)))


@exact_match.mistake
def in_any_order(said, true):
    """The same words, in any order."""
    return _share(said, true, lambda a, b: set(_words(a)) == set(_words(b)))


@exact_match.mistake(hint="in_any_order")
def sorted_words(said, true):
    """The same words as often, in any order."""
    return _share(said, true, lambda a, b: sorted(_words(a)) == sorted(_words(b)))


@exact_match.mistake
def counted(said, true):
    """How many, not which share."""
    return exact_match(said, true) * len(true)


@exact_match.mistake
def all_or_nothing(said, true):
    """Whether all of them are right."""
    return float(exact_match(said, true) == 1)


@exercise("assistant.token_f1", lesson="11", inputs=_said)
def token_f1(said: list[str], true: list[str]) -> float:
    """How many words answers share with the truth: the mean over answers of 2 P R / (P + R).

    P is the share of the answer's words that are in the truth, R the share of the truth's words
    that are in the answer. A word counts as often as both have it. Words are taken as before. An
    answer that shares nothing has 0.
    """

    def words(text):
        for sign in ".,:!?":
            text = text.replace(sign, " ")
        return Counter(text.lower().split())

    total = 0.0
    for mine, theirs in zip(map(words, said), map(words, true), strict=True):
        shared = (mine & theirs).total()
        if shared:
            precision, recall = shared / mine.total(), shared / theirs.total()
            total += 2 * precision * recall / (precision + recall)
    return total / len(true)


def _mean(said, true, score) -> float:
    return sum(score(_words(a), _words(b)) for a, b in zip(said, true, strict=True)) / len(true)


def _overlap(mine, theirs) -> int:
    return (Counter(mine) & Counter(theirs)).total()


@token_f1.mistake
def each_word_once(said, true):
    """Sets: a word said twice counts once."""

    def score(mine, theirs):
        mine, theirs = set(mine), set(theirs)
        return 2 * len(mine & theirs) / (len(mine) + len(theirs))

    return _mean(said, true, score)


@token_f1.mistake
def repeated_words_pay(said, true):
    """Every word of the answer that occurs in the truth counts, as often as it is said."""

    def score(mine, theirs):
        shared = sum(word in theirs for word in mine)
        p, r = (shared / max(1, len(mine)), shared / len(theirs))
        return 2 * p * r / (p + r) if shared else 0.0

    return _mean(said, true, score)


@token_f1.mistake
def precision_alone(said, true):
    """The share of the answer's words that are in the truth."""
    return _mean(said, true, lambda mine, theirs: _overlap(mine, theirs) / max(1, len(mine)))


@token_f1.mistake
def recall_alone(said, true):
    """The share of the truth's words that are in the answer."""
    return _mean(said, true, lambda mine, theirs: _overlap(mine, theirs) / len(theirs))


@token_f1.mistake
def plain_mean(said, true):
    """(P + R) / 2."""
    return (precision_alone(said, true) + recall_alone(said, true)) / 2


@token_f1.mistake
def over_the_union(said, true):
    """Shared words over all words."""

    def score(mine, theirs):
        shared = _overlap(mine, theirs)
        return shared / (len(mine) + len(theirs) - shared)

    return _mean(said, true, score)


@token_f1.mistake
def place_by_place(said, true):
    """Words count only where both have them at the same place."""

    def score(mine, theirs):
        same = sum(a == b for a, b in zip(mine, theirs, strict=False))
        return 2 * same / (len(mine) + len(theirs))

    return _mean(said, true, score)


@token_f1.mistake
def of_all_answers(said, true):
    """Words of all answers are put together first: long ones weigh more."""
    shared = sum(_overlap(_words(a), _words(b)) for a, b in zip(said, true, strict=True))
    return 2 * shared / sum(len(_words(text)) for text in [*said, *true])


@token_f1.mistake
def words_as_they_stand(said, true):
    """Signs and capitals stay."""

    def score(mine, theirs):
        return 2 * _overlap(mine, theirs) / max(1, len(mine) + len(theirs))

    pairs = zip(said, true, strict=True)
    return sum(score(a.split(), b.split()) for a, b in pairs) / len(true)


@token_f1.mistake
def factor_forgotten(said, true):
    """P R / (P + R)."""
    return token_f1(said, true) / 2
