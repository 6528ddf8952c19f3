"""What a check finds in learners' functions, how it says so, and what it leaves behind."""

import json
import math
import re

import numpy as np
import pytest
import torch

from minillm.exercises import check, progress, solution
from minillm.exercises.checker import examine
from minillm.exercises.registry import all_exercises, find
from minillm.language import LANGUAGES, say


def norm(grads):
    return torch.cat([grad.flatten() for grad in grads]).norm()


def right(grads, max_norm):
    scale = min(1.0, max_norm / norm(grads))
    return [grad * scale for grad in grads]


def right_with_a_small_number(grads, max_norm):
    """As PyTorch does it: a little less than `max_norm` remains."""
    return [grad * min(1.0, max_norm / (norm(grads) + 1e-6)) for grad in grads]


def in_place(grads, max_norm):
    scale = min(1.0, max_norm / norm(grads))
    for grad in grads:
        grad.mul_(scale)
    return grads


def each_in_place(grads, max_norm):
    for grad in grads:
        grad.mul_(min(1.0, max_norm / grad.norm()))
    return grads


def each_and_no_guard(grads, max_norm):
    """A known mistake, and zero gradients become nan besides."""
    return [grad / grad.norm() * min(max_norm, grad.norm()) for grad in grads]


def makes_up_values(grads, max_norm):
    return [grad * 0.123 for grad in grads]


def drops_one(grads, max_norm):
    return right(grads, max_norm)[1:]


def transposed(grads, max_norm):
    return [grad.T if grad.ndim == 2 else grad for grad in right(grads, max_norm)]


def forgot_return(grads, max_norm):
    scale = max_norm / norm(grads)
    [grad * scale for grad in grads]


def fails(grads, max_norm):
    total = norm(grads)
    return total + "1"


def takes_one(grads):
    return grads


def endless(grads, max_norm):
    while True:
        max_norm += 1


def leaves(grads, max_norm):
    raise SystemExit


def half_written(grads, max_norm):
    total = ...
    return [grad / total for grad in grads]


def half_returned(grads, max_norm):
    if norm(grads) < max_norm:
        return grads
    return ...


VERDICTS = {
    right: "right",
    right_with_a_small_number: "right",
    in_place: "changed",
    each_in_place: "mistake",
    each_and_no_guard: "mistake",
    makes_up_values: "wrong",
    drops_one: "form",
    transposed: "form",
    forgot_return: "form",
    fails: "raised",
    takes_one: "raised",
    leaves: "raised",
    half_written: "not_attempted",
    half_returned: "form",
}


@pytest.fixture
def clip():
    return find("training.clip")


@pytest.mark.parametrize(
    ("function", "verdict"), VERDICTS.items(), ids=[function.__name__ for function in VERDICTS]
)
def test_verdicts(function, verdict, clip):
    report = examine(function, clip)
    assert report.verdict == verdict, report.card


@pytest.mark.parametrize("thing", [None, ..., 3.5, [torch.ones(1)], "clip"])
def test_a_result_instead_of_a_function_is_told(thing, clip):
    report = examine(thing, clip)
    assert report.verdict == "not_a_function"
    assert "Give it the function itself" in str(report.card)


def ring():
    inner = [1]
    inner.append(inner)
    return inner


ODD = [
    torch.ones(2, device="meta"),
    torch.ones(2).to_sparse(),
    np.ones(2, dtype=np.longdouble),
    np.array([None, "a"]),
    np.array(["a"]),
    ring(),
    [[]],
    [None],
    {1: torch.ones(1)},
    {1, 2},
    b"bytes",
    math.nan,
    10**400,
    -(2**63),
    1j,
    True,
    "text",
    check,
    torch.nn.Linear(1, 1),
    (x for x in "ab"),
    torch.zeros(0),
    torch.ones(1, dtype=torch.int8),
    torch.ones(1, dtype=torch.complex64),
    object(),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
@pytest.mark.parametrize("one", all_exercises(), ids=lambda one: one.name)
def test_whatever_comes_back_there_is_a_card(odd, one):
    for result in (odd, [odd], (odd, odd), (odd, odd, odd)):
        report = examine(lambda *arguments, result=result: result, one)
        assert report.verdict in ("form", "wrong", "mistake")
        assert repr(report.card)
        assert report.card._repr_html_()


def test_a_long_message_is_shortened(clip):
    def complains(grads, max_norm):
        raise ValueError("no " * 10_000)

    assert len(examine(complains, clip).card.code) < 700


def test_an_endless_recursion_is_an_error_like_another(clip):
    def again(grads, max_norm):
        return again(grads, max_norm)

    assert "RecursionError" in examine(again, clip).card.code


def test_an_endless_loop_is_told_with_its_line(clip):
    report = examine(endless, clip, seconds=0.2)
    assert report.verdict == "slow"
    assert "still running after 0.2 seconds" in str(report.card)
    assert re.search(r"line \d+: +(while True:|max_norm \+= 1)", report.card.code)


def test_an_error_is_told_with_the_learners_line(clip):
    card = examine(fails, clip).card
    assert card.code.startswith("TypeError: ")
    assert 'return total + "1"' in card.code
    assert "grads = [tensor([-6])], max_norm = 2" in card.given


def test_a_wrong_signature_is_told_with_the_call(clip):
    card = examine(takes_one, clip).card
    assert "takes_one() takes 1 positional argument but 2 were given" in card.code
    assert "called with the arguments grads, max_norm" in card.paragraphs[0]


def test_a_change_in_place_is_told_with_the_arguments_name(clip):
    (text, change) = examine(in_place, clip).card.paragraphs
    assert "values are right" in text
    assert "(`grads`)" in change


def test_a_mistake_made_in_place_has_both_said(clip):
    report = examine(each_in_place, clip)
    hint, change = report.card.paragraphs
    assert report.mistake == "each_by_itself"
    assert hint == clip.say("each_by_itself")
    assert "(`grads`)" in change


def test_a_mistake_is_recognised_beside_another_one(clip):
    report = examine(each_and_no_guard, clip)
    assert report.mistake == "each_by_itself"
    assert report.card.paragraphs[-1] == say("exercises.more_differs")
    zeros = [case for case in clip.cases() if not any(grad.any() for grad in case[0])]
    assert len(zeros) == 1  # the input on which the other mistake shows


def test_two_mistakes_in_one_name_the_one_that_explains_more():
    schedule = find("training.schedule")

    def wasteful_and_too_long(step, steps, warmup, peak, floor):
        if step < warmup:
            return peak * step / warmup
        return dict(schedule.mistakes)["climbs_again"](step, steps, warmup, peak, floor)

    report = examine(wasteful_and_too_long, schedule)
    assert report.mistake == "first_step_wasted"
    assert report.card.paragraphs[-1] == say("exercises.more_differs")


def test_a_mistake_that_shows_on_one_input_does_not_explain_a_function_wrong_everywhere():
    split = find("training.split")
    minus_zero = dict(split.mistakes)["minus_zero"]

    def wrong_everywhere(tokens, length):
        return ([], minus_zero(tokens, length)[1]) if len(tokens) < 10 else ([], [])

    assert examine(wrong_everywhere, split).verdict != "mistake"


def test_wrong_values_are_shown_side_by_side_on_the_smallest_input(clip):
    card = examine(makes_up_values, clip).card
    assert card.given == "with grads = [tensor([-6])], max_norm = 2"
    assert card.heads == ("where", "yours", "expected")
    assert card.rows == (("result[0][0]", "-0.738", "-2"),)


def test_a_wrong_shape_is_told_with_its_axes():
    accumulate = find("training.accumulate")

    def longer(mean_loss, weight, batches):
        return torch.zeros(len(weight) + 1)

    card = examine(longer, accumulate).card
    assert "along axis 0" in card.paragraphs[0]
    assert card.rows == (("result", "tensor (2,) float32", "tensor (1,) float32"),)


def test_a_forgotten_return_is_told(clip):
    assert "returned `None`" in examine(forgot_return, clip).card.paragraphs[0]


def test_the_right_answer_has_something_to_notice(clip):
    agrees, notice = examine(right, clip).card.paragraphs
    assert "all 8 inputs" in agrees
    assert notice == clip.say("notice")


def stub(grads, max_norm):
    """What is to be done."""
    ...


def test_a_stub_has_where_to_begin_folded_and_nothing_more(clip):
    (fold,) = examine(stub, clip).card.folds
    assert fold.paragraphs == (clip.say("start"),)
    html = examine(stub, clip).card._repr_html_()
    assert html.index("<details>") < html.index("how long is it?")


def test_in_the_book_the_hints_are_folded_beside_it(clip, monkeypatch):
    monkeypatch.setenv("MINILLM_BOOK", "1")
    start, hints = examine(stub, clip).card.folds
    assert start.paragraphs == (clip.say("start"),)
    assert hints.items == tuple(clip.hints().values())


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("function", [*VERDICTS, stub], ids=lambda function: function.__name__)
def test_every_card_is_in_the_readers_language(function, lang, clip, monkeypatch):
    monkeypatch.setenv("MINILLM_LANG", lang)
    card = examine(function, clip).card
    chinese = re.search(r"[\u4e00-\u9fff]", f"{card.title} {' '.join(card.paragraphs)}")
    assert bool(chinese) == (lang == "zh")
    assert f'lang="{lang}"' in card._repr_html_()


def test_check_prints_where_there_is_no_notebook(capsys):
    check(right, "training.clip")
    assert capsys.readouterr().out.startswith("training.clip: Right\n")


def test_check_counts_tries_and_keeps_the_first_success(data):
    for function in (makes_up_values, right, each_in_place):
        check(function, "training.clip")
    entry = json.loads((data / "progress.json").read_text())["exercises"]["training.clip"]
    assert (entry["tries"], entry["last"]) == (3, "mistake")
    assert entry["right"].startswith("20")


def test_an_untouched_stub_leaves_no_trace(data):
    check(stub, "training.clip")
    assert not data.exists()


def test_an_unknown_name_is_the_teachers_mistake():
    with pytest.raises(ValueError, match=r"No exercise is called 'training.clips'"):
        check(right, "training.clips")


def test_a_lesson_goes_on_where_nothing_can_be_kept(data, capsys):
    data.write_text("a file where the folder should be")
    check(right, "training.clip")
    assert "could not be written" in capsys.readouterr().out


def test_a_grading_gets_each_result(tmp_path, monkeypatch):
    results = tmp_path / "results.jsonl"
    monkeypatch.setenv("MINILLM_RESULTS", str(results))
    for function in (each_in_place, stub):
        check(function, "training.clip")
    assert [json.loads(line) for line in results.read_text().splitlines()] == [
        {"exercise": "training.clip", "verdict": "mistake", "mistake": "each_by_itself"},
        {"exercise": "training.clip", "verdict": "not_attempted", "mistake": ""},
    ]


def test_a_solution_is_shown_after_a_try_only(capsys):
    solution("training.clip")
    check(stub, "training.clip")
    solution("training.clip")
    assert "torch.clamp" not in capsys.readouterr().out
    check(makes_up_values, "training.clip")
    solution("training.clip")
    shown = capsys.readouterr().out
    assert "torch.clamp" in shown
    assert "@exercise" not in shown


def test_a_solution_is_shown_at_once_to_whoever_asks(capsys):
    solution("training.clip", show_now=True)
    assert "torch.clamp" in capsys.readouterr().out
    assert progress.tries("training.clip") == 0


def test_in_the_book_a_solution_is_folded(monkeypatch):
    shown = []
    monkeypatch.setenv("MINILLM_BOOK", "1")
    monkeypatch.setattr("minillm.exercises.checker.show", shown.append)
    solution("training.clip")
    html = shown[0]._repr_html_()
    assert html.index("<details>") < html.index("torch.clamp")
