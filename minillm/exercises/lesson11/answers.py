"""How good an answer is, strictly: exact match."""

import re
from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def some_answers(generator: torch.Generator) -> Iterator[tuple]:
    """What was said, and what is true."""
    red, cost = "It is red.", "It cost ten coins."
    yield ["It is red.", "It is blue."], [red] * 2
    yield ["it is red.", "IT IS RED.", "It is blue."], [red] * 3  # capitals
    yield ["It is red", "It is red!", "Red."], [red] * 3  # signs
    yield ["It, is red.", "It is red?", "It, red.", "Red."], [red] * 4
    yield ["It is red.", "It is: red.", "Red it is."], [red] * 3
    yield ["It  is red.", " It is red. ", "It is   blue."], [red] * 3  # spaces
    yield ["it  is RED", " it   is red?", "It cost ten coins"], [red, red, cost]  # all of them
    yield ["", "ten", "It cost two coins.", "It cost ten coins."], [cost] * 4
    yield ["No where.", "nowhere", "In no where"], ["Nowhere.", "No where.", "In nowhere!"]
    yield ["Itis red.", "It isred", "It is red"], [red] * 3
    yield ["It is red, it is red.", "So it is red.", "It is red it is"], [red] * 3
    yield ["It is", "red", "It is red"], [red, red, "It is red, you see."]
    yield ["Is it red?", "Red it is.", "Ten coins it cost."], [red, red, cost]
    yield ["Ten ten ten coins.", "It is is is red.", "It is red, red."], [cost, red, red]
    yield ["Ten, ten, you see.", "Red, red?"], [cost, red]
    yield ["It is is red."], ["It is red, is it?"]
    yield ["It cost 2 coins.", "In a park."], ["It cost 3 coins.", "In the park."]


def bare_words(text: str) -> list[str]:
    """The words of a text, in small letters."""
    return re.findall(r"\w+", text.lower())


@exercise("assistant.exact_match", lesson="11", inputs=some_answers)
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
    return _share(said, true, lambda a, b: "".join(bare_words(a)) == "".join(bare_words(b)))


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
    return _share(said, true, lambda a, b: " ".join(bare_words(b)) in " ".join(bare_words(a)))


@exact_match.mistake
def contained_in_the_truth(said, true):
    """The answer has to be in the truth somewhere: "" always is."""
    return _share(said, true, lambda a, b: " ".join(bare_words(a)) in " ".join(bare_words(b)))


@exact_match.mistake
def in_any_order(said, true):
    """The same words, in any order."""
    return _share(said, true, lambda a, b: set(bare_words(a)) == set(bare_words(b)))


@exact_match.mistake(hint="in_any_order")
def sorted_words(said, true):
    """The same words as often, in any order."""
    return _share(said, true, lambda a, b: sorted(bare_words(a)) == sorted(bare_words(b)))


@exact_match.mistake
def counted(said, true):
    """How many, not which share."""
    return exact_match(said, true) * len(true)


@exact_match.mistake
def all_or_nothing(said, true):
    """Whether all of them are right."""
    return float(exact_match(said, true) == 1)


@exact_match.mistake
def per_cent(said, true):
    """Between 0 and 100."""
    return 100 * exact_match(said, true)


@exact_match.mistake
def word_by_word(said, true):
    """The share of words that agree, not of answers."""
    pairs = []
    for mine, theirs in zip(said, true, strict=True):
        pairs += zip(bare_words(mine), bare_words(theirs), strict=False)
    return sum(a == b for a, b in pairs) / max(1, len(pairs))


@exact_match.mistake(hint="word_by_word")
def share_of_each(said, true):
    """The mean share of words that agree."""

    def score(a, b):
        same = sum(x == y for x, y in zip(bare_words(a), bare_words(b), strict=False))
        return same / len(bare_words(b))

    return sum(score(a, b) for a, b in zip(said, true, strict=True)) / len(true)


@exact_match.mistake
def signs_within(said, true):
    """Signs are taken off at the ends of an answer alone."""

    def plain(text):
        return text.lower().strip(" .,:!?").split()

    return _share(said, true, lambda a, b: plain(a) == plain(b))


@exact_match.mistake(hint="signs_within")
def signs_and_spaces_within(said, true):
    """The same, and spaces stay too."""
    return _share(said, true, lambda a, b: a.lower().strip(" .,:!?") == b.lower().strip(" .,:!?"))


@exact_match.mistake
def one_side_only(said, true):
    """What is said is evened out, what is true is not."""
    return _share(said, true, lambda a, b: " ".join(bare_words(a)) == b)


@exact_match.mistake(hint="one_side_only")
def other_side_only(said, true):
    """What is true is evened out, what is said is not."""
    return one_side_only(true, said)


@exact_match.mistake(hint="one_side_only")
def only_capitals_of_the_truth(said, true):
    """The same; of the truth at least the capitals are evened out."""
    return _share(said, true, lambda a, b: bare_words(a) == b.lower().split())


@exact_match.mistake(hint="contained")
def begins_right(said, true):
    """What comes after the truth does not count."""
    return _share(said, true, lambda a, b: bare_words(a)[: len(bare_words(b))] == bare_words(b))
