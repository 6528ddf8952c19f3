"""What the model reads, and what of it is learnt: a template, and a mask."""

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


@template.mistake(hint="end_of_the_last_only")
def end_once(turns, before, end):
    """One end token behind everything."""
    return "".join(before[role] + text + "\n" for role, text in turns) + end


@template.mistake
def end_after_questions(turns, before, end):
    """The end token stands behind everybody's turns but the assistant's."""
    lines = [before[r] + t + (end if r != "assistant" else "") + "\n" for r, t in turns]
    return "".join(lines) + (before["assistant"] if turns[-1][0] != "assistant" else "")


@template.mistake
def own_words(turns, before, end):
    """Writes the names of the roles, whatever the template says."""
    return template(turns, {role: f"{role}: " for role in before}, end)


@template.mistake
def a_space_apart(turns, before, end):
    """A space before the end token."""
    return template(turns, before, " " + end)


@template.mistake(hint="a_space_apart")
def a_space_short(turns, before, end):
    """The space after the assistant's colon is stripped off where it is to go on."""
    text = template(turns, before, end)
    return text if turns[-1][0] == "assistant" else text.rstrip(" ")


@template.mistake
def answers_without_new_line(turns, before, end):
    """An answer ends with the end token, and not with the new line too."""
    return template(turns, before, end).replace(end + "\n", end)


@template.mistake(hint="only_the_last_question")
def only_the_last_turn(turns, before, end):
    """The text is overwritten turn by turn."""
    return template(turns[-1:], before, end)


@template.mistake(hint="only_the_last_question")
def only_the_last_line(turns, before, end):
    """The same, and no answer is begun."""
    ((role, text),) = turns[-1:]
    return before[role] + text + (end if role == "assistant" else "") + "\n"


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


@mask.mistake(hint="questions_dropped")
def targets_dropped(ids, answers, end):
    """Only the targets are taken out, so the two lists no longer fit."""
    inputs, targets = mask(ids, answers, end)
    return inputs, [target for target in targets if target != IGNORE]
