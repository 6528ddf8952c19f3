"""What the model reads: a conversation as one text."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise

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
    lines, spaces = ("system", "There is one order.\nAnna: A kite."), ("user", " Where is it? ")
    yield [lines, spaces], WRITTEN, end
    yield [book], WRITTEN, end  # nobody has asked yet


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
    last = max((i for i, (role, _) in enumerate(turns) if role == "user"), default=0)
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


@template.mistake(hint="own_words")
def words_of_this_shop(turns, before, end):
    """Writes the words of the lesson's shop, whatever the template says."""
    return template(turns, WRITTEN, end)


@template.mistake(hint="own_words")
def nothing_before_the_system(turns, before, end):
    """The same for the system alone, whose words are empty in the shop."""
    return template(turns, {**before, "system": ""}, end)


@template.mistake(hint="own_words")
def end_of_this_shop(turns, before, end):
    """Writes the shop's end token, whatever it is to be."""
    return template(turns, before, "<end>")


@template.mistake
def a_space_apart(turns, before, end):
    """A space before the end token."""
    return template(turns, before, " " + end)


@template.mistake(hint="a_space_apart")
def a_space_behind_the_role(turns, before, end):
    """A space between the words before a turn and its text."""
    written = template([(role, " " + text) for role, text in turns], before, end)
    return written if turns[-1][0] == "assistant" else written + " "


@template.mistake(hint="a_space_apart")
def a_space_in_front(turns, before, end):
    """The same, but not where an answer is to begin."""
    return template([(role, " " + text) for role, text in turns], before, end)


@template.mistake(hint="a_space_apart")
def spaces_stripped(turns, before, end):
    """The texts are stripped."""
    return template([(role, text.strip()) for role, text in turns], before, end)


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


@template.mistake
def first_turn_only(turns, before, end):
    """It returns inside the loop."""
    (role, text), *_ = turns
    return before[role] + text + (end if role == "assistant" else "") + "\n"


@template.mistake
def begun_and_ended(turns, before, end):
    """An empty answer, with its new line, where one is to begin."""
    return template(turns, before, end) + ("" if turns[-1][0] == "assistant" else "\n")


@template.mistake(hint="begun_and_ended")
def an_empty_answer(turns, before, end):
    """The same, with the end token too."""
    return template(turns, before, end) + ("" if turns[-1][0] == "assistant" else end + "\n")


@template.mistake(hint="begun_and_ended")
def begun_with_the_end(turns, before, end):
    """The same, with the end token alone."""
    return template(turns, before, end) + ("" if turns[-1][0] == "assistant" else end)


@template.mistake
def after_questions_only(turns, before, end):
    """An answer is begun after a customer's turn, not after the system's."""
    if turns[-1][0] != "system":
        return template(turns, before, end)
    return answer_not_begun(turns, before, end)
