"""Calling a learner's function: time, inputs, stubs, and where it went wrong."""

import os
import random
import subprocess
import sys
import threading
import time

import pytest
import torch

from minillm.exercises.attempt import TooSlow, line_of, outcomes, time_limit, unfinished
from minillm.exercises.registry import Exercise


def made(inputs, reference=lambda x: x):
    return Exercise("test.any", "00", reference, inputs, 1e-5)


def spin():
    count = 0
    while True:
        count += 1


def swallowing():
    while True:
        try:
            spin()
        except Exception:
            continue


def sleeping():
    while True:
        time.sleep(0.01)


@pytest.mark.parametrize("endless", [spin, swallowing, sleeping])
def test_an_endless_loop_is_stopped(endless):
    start = time.monotonic()
    with pytest.raises(TooSlow), time_limit(0.1):
        endless()
    assert time.monotonic() - start < 2


def test_an_endless_loop_is_stopped_in_any_thread():
    stopped = threading.Event()

    def work():
        try:
            with time_limit(0.1):
                spin()
        except TooSlow:
            stopped.set()

    threading.Thread(target=work, daemon=True).start()
    assert stopped.wait(5)


def test_it_is_thrown_again_where_everything_is_caught():
    caught = []

    def stubborn():
        while True:
            try:
                sleeping()
            except BaseException as error:
                caught.append(type(error))
                if len(caught) == 2:
                    raise

    with pytest.raises(TooSlow), time_limit(0.1):
        stubborn()
    assert caught == [TooSlow, TooSlow]


def test_a_call_in_time_is_left_alone_and_so_is_what_follows():
    before = set(threading.enumerate())
    for _ in range(20):
        with time_limit(0.05):
            pass
    time.sleep(0.2)
    assert set(threading.enumerate()) <= before


def test_an_error_inside_the_limit_comes_through():
    with pytest.raises(KeyError, match="mine"), time_limit(5):
        raise KeyError("mine")


def test_a_change_of_an_input_is_told_by_name():
    def inputs(generator):
        yield torch.zeros(3), [1, 2], "text", 5
        yield torch.full((2,), float("nan")), [], "", 0

    def reference(numbers, tokens, text, count):
        return count

    def spoils(numbers, tokens, text, count):
        numbers += 1
        tokens.append(count)
        return count

    exercise = made(inputs, reference)
    assert [one.changed for one in outcomes(spoils, exercise)] == [
        ("numbers", "tokens"),
        ("tokens",),  # nan + 1 is nan
    ]
    assert [one.changed for one in outcomes(reference, exercise)] == [(), ()]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pair: pair[0].mul_(2),
        lambda pair: pair[0].resize_(3),
        lambda pair: pair[1].sort(),
        lambda pair: pair[1].__setitem__(0, 3.5),
        lambda pair: pair.reverse(),
        lambda pair: pair.pop(),
    ],
)
def test_a_change_deep_inside_is_seen(spoil):
    def inputs(generator):
        yield ([torch.ones(2), [3.0, 1.0]],)

    (outcome,) = outcomes(lambda pair: spoil(pair) and None, made(inputs))
    assert outcome.changed == ("x",)


def test_arguments_that_are_meant_to_change_may():
    def inputs(generator):
        yield torch.Generator().manual_seed(1), torch.nn.Linear(2, 2)

    def draws(generator, layer):
        with torch.no_grad():
            layer.weight.zero_()
        return torch.randn(1, generator=generator)

    (outcome,) = outcomes(draws, made(inputs, draws))
    assert outcome.changed == ()
    assert outcome.error is None


def test_inputs_come_from_their_own_generator_and_nothing_global_is_seeded():
    def inputs(generator):
        yield (torch.randn(2, generator=generator),)

    torch.manual_seed(5)
    random.seed(5)
    before = torch.get_rng_state(), random.getstate()
    first = outcomes(lambda x: x, made(inputs))
    second = outcomes(lambda x: x, made(inputs))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert first[0].agrees(second[0], 0.0)


def test_errors_are_kept_and_the_next_input_is_still_tried():
    def inputs(generator):
        yield (0,)
        yield (2,)

    first, second = outcomes(lambda x: 4 // x, made(inputs))
    assert type(first.error) is ZeroDivisionError
    assert second.value == 2
    (outcome, _) = outcomes(lambda x: sys.exit("bye"), made(inputs))
    assert type(outcome.error) is SystemExit


def test_the_stop_button_still_works():
    def inputs(generator):
        yield (0,)

    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcomes(interrupted, made(inputs))


def stub(x):
    """What is to be done."""


def gap(x):
    total = ...
    return total


def forgot_return(x):
    print(x + 1)


def indexes(x):
    print(x[..., None])


@pytest.mark.parametrize(
    ("function", "answer"),
    [(stub, True), (gap, True), (forgot_return, False), (indexes, False), (len, True)],
)
def test_what_is_still_to_be_written_is_seen_in_the_source(function, answer):
    assert unfinished(function) is answer


def helper(x):
    return x / 0


def calls_helper(x):
    return helper(x)


def calls_torch(x):
    return torch.ones(2).reshape(3)


def error_of(function):
    try:
        function(1)
    except Exception as error:
        return error


def test_the_line_is_the_last_one_of_the_learner():
    number, text = line_of(calls_helper, error_of(calls_helper))
    assert text == "return x / 0"
    assert number == helper.__code__.co_firstlineno + 1
    number, text = line_of(calls_torch, error_of(calls_torch))
    assert text.startswith("return torch.ones(2).reshape(")


def test_there_may_be_no_line():
    assert line_of(len, error_of(len)) is None
    assert line_of(stub, TypeError("not called at all")) is None


def test_a_notebook_cell_has_lines_too(tmp_path):
    program = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("def helper(x):\\n    y = x\\n    return y / 0")
shell.run_cell("def f(x):\\n    return helper(x)\\n\\ndef stub(x):\\n    'words'\\n    ...")
shell.run_cell("def g(x):\\n    1 + x")
from minillm.exercises.attempt import line_of, unfinished
f, g, stub = (shell.user_ns[name] for name in ("f", "g", "stub"))
try:
    f(1)
except ZeroDivisionError as error:
    print(line_of(f, error), unfinished(stub), unfinished(g))
"""
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "IPYTHONDIR": str(tmp_path)},
    )
    assert result.stdout == "(3, 'return y / 0') True False\n", result.stderr
