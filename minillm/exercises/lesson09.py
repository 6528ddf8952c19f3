"""Lesson 09, "How do you get good text, fast?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _shares(generator: torch.Generator) -> Iterator[tuple]:
    yield torch.tensor([0.1, 0.6, 0.3]), 0.8
    yield torch.tensor([0.15, 0.05, 0.45, 0.25, 0.1]), 0.6
    yield torch.tensor([0.125, 0.25, 0.5, 0.125]), 0.5  # the first alone holds just as much
    yield torch.tensor([0.2, 0.7, 0.1]), 0.3  # less than the likeliest holds
    yield torch.tensor([0.3, 0.1, 0.4, 0.2]), 1.0
    yield torch.randn(40, generator=generator).mul(2).softmax(0), 0.9
    yield torch.tensor([1.0]), 0.5


@exercise("generate.top_p", lesson="09", inputs=_shares)
def top_p(p: Tensor, limit: float) -> Tensor:
    """The distribution p (V,), cut to its nucleus: (V,), in the order of p, adding up to 1.

    Kept are the fewest likeliest tokens that together hold at least `limit`; all others get 0.
    What is kept grows in proportion, so that it adds up to 1.
    """
    likeliest, order = p.sort(descending=True)
    before = likeliest.cumsum(0) - likeliest  # what all likelier tokens hold
    kept = torch.where(before < limit, likeliest, 0.0)
    return torch.zeros_like(p).scatter(0, order, kept / kept.sum())


def _cut(p: Tensor, keep: Tensor, order: Tensor) -> Tensor:
    kept = torch.where(keep, p[order], 0.0)
    return torch.zeros_like(p).scatter(0, order, kept / kept.sum())


@top_p.mistake
def crossing_token_cut(p, limit):
    """The token that crosses the limit is lost: what is kept holds less than the limit."""
    order = p.argsort(descending=True)
    return _cut(p, p[order].cumsum(0) <= limit, order)


@top_p.mistake(hint="crossing_token_cut")
def crossing_token_cut_but_one_kept(p, limit):
    """The same, with the likeliest always kept."""
    order = p.argsort(descending=True)
    keep = p[order].cumsum(0) <= limit
    keep[0] = True
    return _cut(p, keep, order)


@top_p.mistake(hint="crossing_token_cut")
def crossing_token_cut_strictly(p, limit):
    """The same, and a sum that is just reached is too much."""
    order = p.argsort(descending=True)
    return _cut(p, p[order].cumsum(0) < limit, order)


@top_p.mistake
def one_too_many(p, limit):
    """Goes on when the limit has been reached exactly."""
    order = p.argsort(descending=True)
    return _cut(p, p[order].cumsum(0) - p[order] <= limit, order)


@top_p.mistake
def not_renormalised(p, limit):
    """What is kept does not add up to 1."""
    return torch.where(top_p(p, limit) > 0, p, 0.0)


@top_p.mistake
def divided_by_the_limit(p, limit):
    """Takes the limit for what is kept, which is a little more."""
    return torch.where(top_p(p, limit) > 0, p, 0.0) / limit


@top_p.mistake
def left_sorted(p, limit):
    """The order of the vocabulary is lost."""
    return top_p(p, limit).sort(descending=True).values


@top_p.mistake
def sorted_once_more(p, limit):
    """Goes through the order again in place of going back."""
    order = p.argsort(descending=True)
    return top_p(p, limit)[order][order]


@top_p.mistake
def least_likely_first(p, limit):
    """Sorts upwards, and keeps the unlikely ones."""
    order = p.argsort()
    return _cut(p, p[order].cumsum(0) - p[order] < limit, order)


@top_p.mistake
def in_the_order_of_the_vocabulary(p, limit):
    """Adds up without sorting."""
    return _cut(p, p.cumsum(0) - p < limit, torch.arange(len(p)))


@top_p.mistake
def a_threshold_for_each(p, limit):
    """Compares each token's own probability with what may be left over."""
    kept = torch.where(p >= 1 - limit, p, 0.0)
    return kept / kept.sum()


@top_p.mistake
def softmax_of_what_is_kept(p, limit):
    """Takes probabilities for logits."""
    return torch.where(top_p(p, limit) > 0, p, -math.inf).softmax(0)


def _logits(generator: torch.Generator) -> Iterator[tuple]:
    yield torch.tensor([3.0, -1.0, 2.0, -2.0]), [0, 1], 2.0
    yield torch.tensor([1.5, 0.5, -0.5]), [0, 2, 2, 0], 1.2
    yield 3 * torch.randn(12, generator=generator), [4, 11, 4, 0, 7, 4], 1.3
    yield torch.tensor([2.0, -2.0, 0.0]), [], 1.5
    yield torch.tensor([0.0, -4.0, 4.0]), [0, 1, 2], 1.5
    yield torch.tensor([2.0, -3.0, 1.0]), [1, 0], 1.0


@exercise("generate.penalty", lesson="09", inputs=_logits)
def penalised(logits: Tensor, seen: list[int], penalty: float) -> Tensor:
    """The logits (V,) with every token in `seen` made unlikelier; `logits` stays as it is.

    A seen token's logit is divided by the penalty where it is positive, and multiplied by it
    where it is negative. How often a token was seen makes no difference.
    """
    new = logits.clone()
    for token in set(seen):
        new[token] = new[token] / penalty if new[token] > 0 else new[token] * penalty
    return new


@penalised.mistake
def divided_whatever_the_sign(logits, seen, penalty):
    """A negative logit that is divided moves up."""
    new = logits.clone()
    new[sorted(set(seen))] /= penalty
    return new


@penalised.mistake(hint="divided_whatever_the_sign")
def multiplied_whatever_the_sign(logits, seen, penalty):
    """A positive logit that is multiplied moves up."""
    new = logits.clone()
    new[sorted(set(seen))] *= penalty
    return new


@penalised.mistake
def rewarded(logits, seen, penalty):
    """Both the wrong way round."""
    return penalised(logits, seen, 1 / penalty)


@penalised.mistake
def for_every_time(logits, seen, penalty):
    """A token that was seen three times is penalised three times."""
    new = logits.clone()
    for token in seen:
        new[token] = new[token] / penalty if new[token] > 0 else new[token] * penalty
    return new


@penalised.mistake
def subtracted(logits, seen, penalty):
    """Takes the penalty off."""
    new = logits.clone()
    new[sorted(set(seen))] -= penalty
    return new


@penalised.mistake
def probability_divided(logits, seen, penalty):
    """Divides the probability: ln penalty off the logit."""
    new = logits.clone()
    new[sorted(set(seen))] -= math.log(penalty)
    return new


@penalised.mistake
def everything_penalised(logits, seen, penalty):
    """Does it to the whole vocabulary."""
    return torch.where(logits > 0, logits / penalty, logits * penalty)


@penalised.mistake
def the_unseen_penalised(logits, seen, penalty):
    """Does it to those that were not seen."""
    return penalised(logits, [i for i in range(len(logits)) if i not in seen], penalty)


@penalised.mistake
def forbidden(logits, seen, penalty):
    """What was seen can never come again."""
    new = logits.clone()
    new[sorted(set(seen))] = -math.inf
    return new


def _queries(generator: torch.Generator) -> Iterator[tuple]:
    def numbers(rows: int, columns: int) -> Tensor:
        return torch.randn(rows, columns, generator=generator)

    # new queries, keys, values; old keys, values
    yield numbers(1, 2), numbers(1, 2), numbers(1, 3), numbers(3, 2), numbers(3, 3)
    yield numbers(2, 4), numbers(2, 4), numbers(2, 3), numbers(3, 4), numbers(3, 3)
    yield numbers(3, 5), numbers(3, 5), numbers(3, 2), numbers(7, 5), numbers(7, 2)
    yield numbers(4, 3), numbers(4, 3), numbers(4, 5), numbers(0, 3), numbers(0, 5)
    yield numbers(3, 2), numbers(3, 2), numbers(3, 4), numbers(1, 2), numbers(1, 4)


def _attend(q, keys, values, offset, scale=None):
    """Attention where query t reads keys up to `offset` + t."""
    T, S = len(q), len(keys)
    scores = q @ keys.T / (math.sqrt(q.size(1)) if scale is None else scale)
    see = torch.ones(T, S, dtype=torch.bool).tril(offset)
    return scores.masked_fill(~see, -math.inf).softmax(1) @ values


@exercise("generate.cached", lesson="09", inputs=_queries)
def cached(q: Tensor, k: Tensor, v: Tensor, old_k: Tensor, old_v: Tensor) -> tuple:
    """Attention for T new tokens, with S older ones in the cache: (output, keys, values).

    q, k (T, D) and v (T, C) belong to the new tokens, old_k (S, D) and old_v (S, C) to those
    before them. keys and values are those of all S + T tokens, in the order of the text. Row t
    of output (T, C) is what new token t reads: softmax(q . keys / sqrt(D)) over all older
    tokens, the new ones before it, and itself.
    """
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    T, S = len(q), len(keys)
    see = torch.ones(T, S, dtype=torch.bool).tril(S - T)
    scores = q @ keys.T / math.sqrt(q.size(1))
    return scores.masked_fill(~see, -math.inf).softmax(1) @ values, keys, values


@cached.mistake
def offset_forgotten(q, k, v, old_k, old_v):
    """The mask begins at key 0, as if nothing stood before."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, 0), keys, values


@cached.mistake
def no_mask(q, k, v, old_k, old_v):
    """The new tokens read one another, forwards too."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, len(keys)), keys, values


@cached.mistake
def not_itself(q, k, v, old_k, old_v):
    """A new token reads what is before it, but not itself."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, len(old_k) - 1).nan_to_num(0.0), keys, values


@cached.mistake
def one_ahead(q, k, v, old_k, old_v):
    """Each new token reads the next one too."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, len(old_k) + 1), keys, values


@cached.mistake
def new_ones_first(q, k, v, old_k, old_v):
    """The new keys stand before the old ones."""
    keys, values = torch.cat([k, old_k]), torch.cat([v, old_v])
    return _attend(q, keys, values, len(old_k)), keys, values


@cached.mistake
def only_the_cache_is_read(q, k, v, old_k, old_v):
    """The new tokens do not read themselves or one another."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    if not len(old_k):
        return torch.zeros(len(q), v.size(1)), keys, values
    return _attend(q, old_k, old_v, len(old_k)), keys, values


@cached.mistake
def the_cache_is_not_read(q, k, v, old_k, old_v):
    """Attention among the new tokens alone."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, k, v, 0), keys, values


@cached.mistake
def scale_forgotten(q, k, v, old_k, old_v):
    """The scores are not divided."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, len(old_k), scale=1.0), keys, values


@cached.mistake
def cache_does_not_grow(q, k, v, old_k, old_v):
    """The old cache is handed back."""
    return cached(q, k, v, old_k, old_v)[0], old_k, old_v


@cached.mistake
def mask_after_softmax(q, k, v, old_k, old_v):
    """Weights are set to zero after the softmax: rows no longer add up to 1."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    weights = (q @ keys.T / math.sqrt(q.size(1))).softmax(1)
    return weights.tril(len(old_k)) @ values, keys, values


def _shapes(generator: torch.Generator) -> Iterator[tuple]:
    # layers, heads, key/value heads, width, tokens, batch, bytes of a number
    yield 2, 4, 4, 64, 10, 1, 4
    yield 12, 12, 12, 768, 1024, 3, 2
    yield 32, 32, 8, 4096, 8192, 5, 2
    yield 1, 6, 1, 96, 7, 9, 1
    low = (torch.randint(2, 9, (2,), generator=generator) * 2).tolist()
    yield low[0], 8, 2, 8 * low[1], 100, 7, 4


@exercise("generate.cache_bytes", lesson="09", inputs=_shapes)
def cache_bytes(
    layers: int, heads: int, kv_heads: int, width: int, tokens: int, batch: int, size: int
) -> int:
    """How many bytes the KV cache of `batch` texts of `tokens` tokens takes.

    The width is shared out among `heads` queries. There are `kv_heads` keys and values of the
    same head width (fewer than heads where several queries share one). Each number takes `size`
    bytes.
    """
    return 2 * layers * batch * tokens * kv_heads * (width // heads) * size


@cache_bytes.mistake
def keys_only(layers, heads, kv_heads, width, tokens, batch, size):
    """Keys or values, not both."""
    return layers * batch * tokens * kv_heads * (width // heads) * size


@cache_bytes.mistake
def all_heads(layers, heads, kv_heads, width, tokens, batch, size):
    """As many keys as queries."""
    return 2 * layers * batch * tokens * width * size


@cache_bytes.mistake
def one_layer(layers, heads, kv_heads, width, tokens, batch, size):
    """Of one layer."""
    return 2 * batch * tokens * kv_heads * (width // heads) * size


@cache_bytes.mistake
def one_text(layers, heads, kv_heads, width, tokens, batch, size):
    """Of one text."""
    return 2 * layers * tokens * kv_heads * (width // heads) * size


@cache_bytes.mistake
def numbers_counted(layers, heads, kv_heads, width, tokens, batch, size):
    """How many numbers, not how many bytes."""
    return 2 * layers * batch * tokens * kv_heads * (width // heads)


@cache_bytes.mistake
def in_bits(layers, heads, kv_heads, width, tokens, batch, size):
    """Bits."""
    return cache_bytes(layers, heads, kv_heads, width, tokens, batch, size) * 8


@cache_bytes.mistake
def full_width_a_head(layers, heads, kv_heads, width, tokens, batch, size):
    """Every key/value head as wide as the model."""
    return 2 * layers * batch * tokens * kv_heads * width * size


@cache_bytes.mistake
def one_head(layers, heads, kv_heads, width, tokens, batch, size):
    """Of one head."""
    return 2 * layers * batch * tokens * (width // heads) * size


@cache_bytes.mistake
def attention_weights(layers, heads, kv_heads, width, tokens, batch, size):
    """The T x T weights, which nobody keeps."""
    return layers * batch * heads * tokens**2 * size


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
    the same as p. Returns, for each token, the probability to keep it if it was drawn, (V,); and
    the distribution to draw from if it is not kept, (V,), which adds up to 1.
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
