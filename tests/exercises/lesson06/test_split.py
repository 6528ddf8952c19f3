"""What the reference promises about held-out text."""

from hypothesis import given
from hypothesis import strategies as some

from minillm.exercises.lesson06.split import split


@given(some.integers(0, 120), some.integers(1, 9))
def test_no_token_is_trained_on_and_held_out(count, length):
    training, held_out = split(list(range(count)), length)
    assert not {t for w in training for t in w} & {t for w in held_out for t in w}
    assert {len(window) for window in training + held_out} <= {length}
    assert len(held_out) == max(0, count // 10 - length + 1)
    assert len(training) == max(0, count - count // 10 - length + 1)
    assert [window[0] for window in training] == list(range(len(training)))
