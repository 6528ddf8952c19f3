"""Lesson 11, "How does a language model become an assistant?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

import re
from collections import Counter
from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise

IGNORE = -100
WRITTEN = {"system": "", "user": "Customer: ", "assistant": "Shop: "}


def _talks(generator: torch.Generator) -> Iterator[tuple]:
    book, end = ("system", "There is one order."), "<end>"
    where, there = ("user", "Where is my kite?"), ("assistant", "It is in the park.")
    price, coins = ("user", "And what did it cost?"), ("assistant", "It cost two coins.")
    yield [where, there], WRITTEN, end
    yield [where], WRITTEN, end
    yield [book, where, there, price], WRITTEN, end
    yield [book, where, there, price, coins], WRITTEN, end
    yield [book, where], {"system": "! ", "user": "Q: ", "assistant": "A: "}, "</s>"
    yield [where, there, price, coins, ("user", "Thank you!")], WRITTEN, "#"
    yield [book, book, where, price, there], WRITTEN, end


@exercise("assistant.template", lesson="11", inputs=_talks)
def template(turns: list[tuple[str, str]], before: dict[str, str], end: str) -> str:
    r"""A conversation as one text, as the model reads it.

    turns: (role, text), role one of "system", "user", "assistant". Each turn stands in a line of
    its own, ended by "\n": before[role], the text, and after an answer `end`. If the last turn is
    not the assistant's, the text ends with before["assistant"], for the model to go on.
    """
    written = ""
    for role, text in turns:
        written += before[role] + text + (end if role == "assistant" else "") + "\n"
    if turns[-1][0] != "assistant":
        written += before["assistant"]
    return written


@template.mistake
def no_end(turns, before, end):
    """Nothing says where an answer stops."""
    return template(turns, before, "")


@template.mistake
def end_after_everything(turns, before, end):
    """The customer's turns end with it too."""
    lines = [before[role] + text + end + "\n" for role, text in turns]
    return "".join(lines) + (before["assistant"] if turns[-1][0] != "assistant" else "")


@template.mistake
def end_on_its_own_line(turns, before, end):
    """The end token stands behind the new line."""
    return template(turns, before, end).replace(end + "\n", "\n" + end)


@template.mistake
def answer_not_begun(turns, before, end):
    """The model is not asked to answer: it may go on as the customer."""
    lines = [before[r] + t + (end if r == "assistant" else "") + "\n" for r, t in turns]
    return "".join(lines)


@template.mistake
def answer_always_begun(turns, before, end):
    """Another answer begins where one has been given."""
    extra = before["assistant"] if turns[-1][0] == "assistant" else ""
    return template(turns, before, end) + extra


@template.mistake
def end_of_the_last_only(turns, before, end):
    """Only the end of the whole conversation is marked."""
    text = template(turns, before, "")
    return text[:-1] + end + "\n" if turns[-1][0] == "assistant" else text


@template.mistake
def only_the_last_question(turns, before, end):
    """What was said before is left out."""
    last = max(i for i, (role, _) in enumerate(turns) if role == "user")
    return template(turns[last:], before, end)


@template.mistake
def system_left_out(turns, before, end):
    """The orders are not told."""
    return template([turn for turn in turns if turn[0] != "system"], before, end)


@template.mistake
def one_line(turns, before, end):
    """All turns on one line."""
    return template(turns, before, end).replace("\n", "")


@template.mistake
def last_line_open(turns, before, end):
    """Lines are joined by new lines; the last one is not ended."""
    return template(turns, before, end).removesuffix("\n")


def _spelled(generator: torch.Generator) -> Iterator[tuple]:
    def row(*runs: int) -> tuple[list[int], list[bool]]:
        """Runs of tokens, question and answer in turn; every answer ends with token 0."""
        ids, answers = [], []
        for number, length in enumerate(runs):
            new = torch.randint(1, 60, (length,), generator=generator).tolist()
            answer = number % 2 == 1
            ids += [*new[:-1], 0] if answer else new
            answers += [answer] * length
        return ids, answers

    yield [7, 8, 9, 0], [False, False, True, True], 0
    yield *row(5, 4), 0
    yield *row(6, 3, 4, 5), 0
    yield *row(3, 2, 2, 3, 4, 6), 0
    yield *row(4, 3, 5), 0
    yield *row(2, 1, 3, 4), 0
    yield [30, 5, 6, 60], [False, True, True, True], 60


@exercise("assistant.mask", lesson="11", inputs=_spelled)
def mask(ids: list[int], answers: list[bool], end: int) -> tuple[list[int], list[int]]:
    """What the model reads and what it should say, (inputs, targets): answers alone are scored.

    answers[i] says whether token i belongs to an answer, its end token included. The model reads
    `end` first, and each target is the token that comes next. Where that is no part of an answer,
    the target is -100, which is not scored.
    """
    targets = [i if answer else IGNORE for i, answer in zip(ids, answers, strict=True)]
    return [end, *ids[:-1]], targets


@mask.mistake
def nothing_masked(ids, answers, end):
    """The questions are learnt as well."""
    return [end, *ids[:-1]], list(ids)


@mask.mistake
def one_late(ids, answers, end):
    """Asks whether the token that is read belongs to an answer, not the one to be said."""
    targets = [i if a else IGNORE for i, a in zip(ids, [False, *answers[:-1]], strict=True)]
    return [end, *ids[:-1]], targets


@mask.mistake
def one_early(ids, answers, end):
    """The mask is shifted the other way."""
    targets = [i if a else IGNORE for i, a in zip(ids, [*answers[1:], False], strict=True)]
    return [end, *ids[:-1]], targets


@mask.mistake
def turned_round(ids, answers, end):
    """Questions are learnt, answers are not."""
    return mask(ids, [not answer for answer in answers], end)


@mask.mistake
def end_not_scored(ids, answers, end):
    """The last token of each answer is left out."""
    inputs, targets = mask(ids, answers, end)
    return inputs, [IGNORE if target == end else target for target in targets]


@mask.mistake
def zero_for_ignored(ids, answers, end):
    """0 is a token."""
    inputs, targets = mask(ids, answers, end)
    return inputs, [0 if target == IGNORE else target for target in targets]


@mask.mistake
def not_shifted(ids, answers, end):
    """Asks for the token that was just read."""
    return list(ids), mask(ids, answers, end)[1]


@mask.mistake
def questions_not_read(ids, answers, end):
    """The inputs are masked too."""
    inputs = [end, *(i if a else IGNORE for i, a in zip(ids, answers, strict=True))]
    return inputs[:-1], mask(ids, answers, end)[1]


@mask.mistake
def questions_dropped(ids, answers, end):
    """The tokens that are not scored are taken out."""
    pairs = zip(*mask(ids, answers, end), strict=True)
    kept = [(read, say) for read, say in pairs if say != IGNORE]
    return [read for read, _ in kept], [say for _, say in kept]


@mask.mistake
def shifted_twice(ids, answers, end):
    """Masks first, then shifts the targets once more."""
    inputs, targets = mask(ids, answers, end)
    return inputs, [*targets[1:], IGNORE]


@mask.mistake
def last_answer_only(ids, answers, end):
    """Only the last answer of the conversation is learnt."""
    last = len(answers) - answers[::-1].index(True)
    start = last
    while start and answers[start - 1]:
        start -= 1
    return mask(ids, [start <= i < last for i in range(len(ids))], end)


def _said(generator: torch.Generator) -> Iterator[tuple]:
    yield ["It is red.", "It is blue."], ["It is red.", "It is red."]
    yield ["it is  red", " It is red. "], ["It is red.", "It is red."]
    yield ["It is in the park!", "park"], ["It is in the park.", "It is in the park."]
    yield ["It cost two coins.", "It cost ten coins.", "Ten"], ["It cost ten coins."] * 3
    yield ["It is not red.", "Is it red?", "It is red, it is red."], ["It is red."] * 3
    yield ["", "No where.", "nowhere"], ["It is red.", "Nowhere.", "Nowhere."]
    yield ["IT IS RED", "It, is: red"], ["It is red.", "It is red."]
    yield ["It is"], ["It is red."]
    yield ["Coins two cost it."], ["It cost two coins."]


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
def letter_by_letter(said, true):
    """Every sign and space counts."""
    return _share(said, true, lambda a, b: a == b)


@exact_match.mistake(hint="letter_by_letter")
def only_stripped(said, true):
    """Spaces at the ends alone are taken off."""
    return _share(said, true, lambda a, b: a.strip() == b.strip())


@exact_match.mistake(hint="signs_count")
def lower_and_stripped(said, true):
    """Capitals and spaces at the ends, no signs."""
    return _share(said, true, lambda a, b: a.lower().strip() == b.lower().strip())


@exact_match.mistake
def signs_count(said, true):
    """Capitals and spaces are evened out, signs are not."""
    return _share(said, true, lambda a, b: a.lower().split() == b.lower().split())


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


def _long_talks(generator: torch.Generator) -> Iterator[tuple]:
    def turns(*lengths: int) -> list[list[int]]:
        draw = torch.randint(1, 90, (sum(lengths),), generator=generator)
        return [part.tolist() for part in draw.split(lengths)]

    yield turns(3, 2, 4, 2, 3, 4), 12
    yield turns(3, 2, 4, 2, 3, 4), 18
    yield turns(4, 3, 3, 2, 2, 3, 3, 2), 17
    yield turns(5, 4), 9
    yield turns(2, 2, 2, 9, 9, 1, 1, 3), 14
    yield turns(6, 3, 3, 2, 2, 2), 12
    yield turns(6, 3, 3, 2, 2, 2), 11
    yield turns(2, 1, 1, 6, 5, 2, 2, 4), 12


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
