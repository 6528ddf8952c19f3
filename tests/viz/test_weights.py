"""What weights are taken, and what is said of those that are not."""

import re

import numpy as np
import pytest

from minillm.viz.weights import check_weights, stack_layers


@pytest.fixture
def good():
    return np.random.default_rng(0).dirichlet(np.ones(4), size=(2, 3, 4)).astype(np.float32)


class Tensor:
    """What a tensor looks like from outside, whatever the framework."""

    def __init__(self, array):
        self.array, self.ndim, self.shape = array, array.ndim, array.shape

    def detach(self):
        return self

    float = cpu = detach

    def numpy(self):
        return self.array


def test_arrays_of_fewer_dimensions_get_layers_and_heads(good):
    assert stack_layers(good[0, 0]).shape == (1, 1, 4, 4)
    assert stack_layers(good[0]).shape == (1, 3, 4, 4)
    np.testing.assert_array_equal(stack_layers(good), good)
    np.testing.assert_allclose(stack_layers(good.tolist()), good)


def test_a_hugging_face_tuple_loses_its_batch(good):
    output = tuple(Tensor(layer[None]) for layer in good)
    np.testing.assert_array_equal(stack_layers(output), good)


def test_generation_steps_are_joined_row_by_row():
    rows = np.tril(np.random.default_rng(0).random((2, 3, 5, 5)).astype(np.float32))
    steps = [[Tensor(layer[None, :, :3, :3]) for layer in rows]]
    steps += [[Tensor(layer[None, :, t : t + 1, : t + 1]) for layer in rows] for t in (3, 4)]
    np.testing.assert_array_equal(stack_layers(steps), rows)


def test_a_bfloat16_tensor_is_read(good):
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(good).to(torch.bfloat16).requires_grad_()
    read = stack_layers(tensor)
    np.testing.assert_allclose(read, good, atol=0.01)
    check_weights(read)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ((None, None), 'attn_implementation="eager"'),
        ([], "empty list"),
        (np.ones(3), "shape (3,)"),
        ((Tensor(np.ones((2, 3, 4, 4))),), "batch of 2 texts"),
        ((np.ones((3, 4, 4)), np.ones((2, 4, 4))), "Layer 1 has shape (2, 4, 4)"),
        ([[[[1.0], [0.5, 0.5]], [[1.0, 0.0], [0.5]]]], "Layer 0 head 0 position 1"),
        ([[[1.0, 0.0], [0.5, 0.5]], [[1.0, 0.0]]], "Layer 0 head 1 has 1 rows"),
        ([[[[1.0]]], [[[1.0]], [[1.0]]]], "Layer 1 has 2 heads but layer 0 has 1"),
    ],
)
def test_weights_of_no_use_say_why(weights, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        stack_layers(weights)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "Layer 1 head 2 position 3: the weight on key 0 is nan"),
        (np.inf, "Layer 1 head 2 position 3: the weight on key 0 is inf"),
        (-0.25, "Layer 1 head 2 position 3: the weight on key 0 is -0.25, negative"),
        (9.0, "Layer 1 head 2 position 3: the row sums to 9"),
    ],
)
def test_rows_that_are_no_distribution_are_named(good, value, message):
    good[1, 2, 3, 0] = value
    with pytest.raises(ValueError, match=re.escape(message)):
        check_weights(good)


def test_the_pass_is_named_where_there_are_several(good):
    good[0, 1, 2] *= 2
    with pytest.raises(ValueError, match="Layer 0 head 1 position 2 of 'step 10'"):
        check_weights(good, "step 10")


def test_weights_of_no_tokens_are_refused():
    with pytest.raises(ValueError, match="nothing to show"):
        check_weights(np.ones((1, 1, 0, 0)))
