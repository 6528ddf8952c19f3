"""How good an answer is, mildly: the words it shares with the truth."""

import re
from collections import Counter

from minillm.exercises.lesson11.answers import bare_words, some_answers
from minillm.exercises.registry import exercise


@exercise("assistant.token_f1", lesson="11", inputs=some_answers)
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
    return sum(score(bare_words(a), bare_words(b)) for a, b in zip(said, true, strict=True)) / len(
        true
    )


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


@token_f1.mistake(hint="each_word_once")
def shared_once(said, true):
    """Shared words as a set, over the lengths of the lists."""

    def score(mine, theirs):
        return 2 * len(set(mine) & set(theirs)) / (len(mine) + len(theirs))

    return _mean(said, true, score)


@token_f1.mistake(hint="repeated_words_pay")
def repeated_words_pay_twice(said, true):
    """The same in both directions: each list's words that the other has."""

    def score(mine, theirs):
        p = sum(word in theirs for word in mine) / max(1, len(mine))
        r = sum(word in mine for word in theirs) / len(theirs)
        return 2 * p * r / (p + r) if p else 0.0

    return _mean(said, true, score)


@token_f1.mistake
def nothing_shared_left_out(said, true):
    """The mean is over the answers that share something."""
    scores = [token_f1([a], [b]) for a, b in zip(said, true, strict=True)]
    some = [score for score in scores if score]
    return sum(some) / max(1, len(some))


@token_f1.mistake(hint="nothing_shared_left_out")
def empty_left_out(said, true):
    """The mean is over the answers that say something."""
    some = [(a, b) for a, b in zip(said, true, strict=True) if bare_words(a)]
    return token_f1([a for a, _ in some], [b for _, b in some])


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
    shared = sum(_overlap(bare_words(a), bare_words(b)) for a, b in zip(said, true, strict=True))
    return 2 * shared / sum(len(bare_words(text)) for text in [*said, *true])


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


@token_f1.mistake(hint="of_all_answers")
def f1_of_means(said, true):
    """Means of P and R first, then one F1."""
    p, r = precision_alone(said, true), recall_alone(said, true)
    return 2 * p * r / (p + r) if p + r else 0.0


@token_f1.mistake
def letters(said, true):
    """Counts shared letters: a string is a list of letters."""

    def score(mine, theirs):
        return 2 * _overlap(mine, theirs) / (len(mine) + len(theirs))

    return sum(score(a, b) for a, b in zip(said, true, strict=True)) / len(true)


@token_f1.mistake(hint="words_as_they_stand")
def signs_stay(said, true):
    """Capitals are evened out, signs stay."""
    return words_as_they_stand([a.lower() for a in said], [b.lower() for b in true])


@token_f1.mistake(hint="words_as_they_stand")
def capitals_stay(said, true):
    """Signs are taken out, capitals stay."""

    def words(text):
        return re.findall(r"\w+", text)

    def score(a, b):
        return 2 * _overlap(words(a), words(b)) / max(1, len(words(a)) + len(words(b)))

    return sum(score(a, b) for a, b in zip(said, true, strict=True)) / len(true)


@token_f1.mistake(hint="letters")
def small_letters(said, true):
    """The same, in small letters."""
    return letters([a.lower() for a in said], [b.lower() for b in true])


@token_f1.mistake
def per_cent(said, true):
    """Between 0 and 100."""
    return 100 * token_f1(said, true)


@token_f1.mistake
def summed(said, true):
    """The sum over answers."""
    return token_f1(said, true) * len(true)
