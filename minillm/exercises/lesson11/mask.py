"""What of a conversation is learnt."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise

IGNORE = -100


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
    yield [8, 0, 9, 4, 0], [False, False, False, True, True], 0  # a question with an end inside


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


@mask.mistake
def end_not_read(ids, answers, end):
    """The usual shift of a long text: the first token is never said."""
    return list(ids[:-1]), mask(ids, answers, end)[1][1:]


@mask.mistake(hint="end_not_read")
def end_said_instead(ids, answers, end):
    """The same, as long as the text: a last target is made up."""
    return list(ids), [*mask(ids, answers, end)[1][1:], end]


@mask.mistake(hint="one_late")
def one_late_and_shorter(ids, answers, end):
    """The usual shift, with the mask of the token that is read."""
    pairs = zip(ids[1:], answers[:-1], strict=True)
    return list(ids[:-1]), [i if answer else IGNORE for i, answer in pairs]


@mask.mistake
def swapped(ids, answers, end):
    """The targets come first."""
    return mask(ids, answers, end)[::-1]


@mask.mistake
def every_end_scored(ids, answers, end):
    """An end token is scored wherever it stands."""
    return mask(ids, [a or i == end for i, a in zip(ids, answers, strict=True)], end)


@mask.mistake(hint="questions_dropped")
def targets_dropped(ids, answers, end):
    """Only the targets are taken out, so the two lists no longer fit."""
    inputs, targets = mask(ids, answers, end)
    return inputs, [target for target in targets if target != IGNORE]
