"""Lesson 09: a guess that changes nothing."""

from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _pairs(generator: torch.Generator) -> Iterator[tuple]:
    yield torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.6, 0.1, 0.3])
    yield torch.tensor([0.1, 0.7, 0.15, 0.05]), torch.tensor([0.25, 0.25, 0.4, 0.1])
    yield torch.tensor([0.0, 0.8, 0.2]), torch.tensor([0.5, 0.25, 0.25])
    yield torch.tensor([1.0, 0.0]), torch.tensor([0.25, 0.75])
    scores = 2 * torch.randn(2, 9, generator=generator)
    yield tuple(scores.softmax(1))


@exercise("generate.accept", lesson="09", inputs=_pairs)
def accept(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """What to do with a token that was drawn from q, so that it comes out as if from p.

    p (V,): the large model's probabilities; q (V,): the small one's, above 0 everywhere and not
    the same as p. Returns, for each token, the probability to keep it if it was drawn, (V,), as
    large as can be; and the distribution to draw from if it is not kept, (V,), which adds up to 1.
    """
    left = (p - q).clamp(min=0)
    return (p / q).clamp(max=1), left / left.sum()


@accept.mistake
def not_capped(p, q):
    """A probability above 1."""
    return p / q, accept(p, q)[1]


@accept.mistake
def turned_round(p, q):
    """q over p."""
    return (q / p.clamp(min=1e-30)).clamp(max=1), accept(p, q)[1]


@accept.mistake
def kept_as_often_as_p_says(p, q):
    """Accepts with probability p."""
    return p.clone(), accept(p, q)[1]


@accept.mistake
def drawn_and_kept(p, q):
    """min(p, q): the probability that it is drawn and kept."""
    return torch.minimum(p, q), accept(p, q)[1]


@accept.mistake
def second_draw_from_p(p, q):
    """What was drawn too rarely is not made up for."""
    return accept(p, q)[0], p.clone()


@accept.mistake
def second_draw_from_q(p, q):
    """Draws again in the same way."""
    return accept(p, q)[0], q.clone()


@accept.mistake
def kept_too_seldom(p, q):
    """Plain rejection sampling: what comes out is p, and more is refused than has to be."""
    ratio = p / q
    return ratio / ratio.max(), p.clone()


@accept.mistake(hint="kept_too_seldom")
def never_kept(p, q):
    """Everything is drawn anew: p comes out, and the guess was for nothing."""
    return torch.zeros_like(p), p.clone()


@accept.mistake
def the_probability_to_refuse(p, q):
    """1 minus what is asked."""
    keep, rest = accept(p, q)
    return 1 - keep, rest


@accept.mistake
def softmax_of_the_rest(p, q):
    """Also tokens that need nothing more get something."""
    return accept(p, q)[0], (p - q).clamp(min=0).softmax(0)


@accept.mistake(hint="softmax_of_the_rest")
def softmax_of_the_difference(p, q):
    """The same, with the negative numbers left in."""
    return accept(p, q)[0], (p - q).softmax(0)


@accept.mistake
def rest_not_normalised(p, q):
    """The rest does not add up to 1."""
    return accept(p, q)[0], (p - q).clamp(min=0)


@accept.mistake
def negative_rest(p, q):
    """p - q as it is."""
    return accept(p, q)[0], p - q


@accept.mistake
def size_of_the_difference(p, q):
    """|p - q|: gives to those that came too often, too."""
    gap = (p - q).abs()
    return accept(p, q)[0], gap / gap.sum()


@accept.mistake
def rest_of_the_other(p, q):
    """max(q - p, 0): to those that came too often."""
    gap = (q - p).clamp(min=0)
    return accept(p, q)[0], gap / gap.sum()


@accept.mistake
def accepted_or_not(p, q):
    """A yes or no in place of a probability."""
    return (p >= q).to(p.dtype), accept(p, q)[1]


@accept.mistake
def all_of_p_where_rare(p, q):
    """Where too little came, all of p and not what is missing."""
    rest = torch.where(p > q, p, 0.0)
    return accept(p, q)[0], rest / rest.sum()


@accept.mistake
def roles_swapped(p, q):
    """The whole of it for the other model."""
    rest = (q - p).clamp(min=0)
    return (q / p.clamp(min=1e-30)).clamp(max=1), rest / rest.sum()


@accept.mistake
def returned_in_the_other_order(p, q):
    """The distribution first."""
    return accept(p, q)[::-1]
