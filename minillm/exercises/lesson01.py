"""Lesson 01, "How do you write a probability for a whole text?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

import math
from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _shares(generator: torch.Generator, *sizes: int) -> Iterator[list[float]]:
    for size in sizes:
        yield (0.05 + 0.9 * torch.rand(size, generator=generator)).tolist()


def _steps(generator: torch.Generator) -> Iterator[tuple]:
    for probs in _shares(generator, 2, 5, 3):
        yield (probs,)
    yield ([0.25],)
    yield ([1.0, 1.0, 0.5],)
    yield ([0.1] * 400,)  # the product is too small for a float
    yield ([0.5, 0.0, 0.5],)  # something that cannot happen


@exercise("autoregressive.log_prob", lesson="01", inputs=_steps)
def log_prob(probs: list[float]) -> float:
    """ln P of a text, from the probability of each of its tokens given those before it.

    -inf where one of them is 0. It must not fail on a long text, whose P is too small for a float.
    """
    return sum(math.log(p) if p > 0 else -math.inf for p in probs)


@log_prob.mistake
def product_first(probs):
    """Multiplies, and takes the logarithm at the end: a long product becomes 0."""
    product = math.prod(probs)
    return math.log(product) if product > 0 else -math.inf


@log_prob.mistake
def in_bits(probs):
    """Logarithms to base 2."""
    return log_prob(probs) / math.log(2)


@log_prob.mistake
def in_tens(probs):
    """Logarithms to base 10."""
    return log_prob(probs) / math.log(10)


@log_prob.mistake
def per_token(probs):
    """The mean instead of the sum."""
    return log_prob(probs) / len(probs)


@log_prob.mistake
def surprise_not_log(probs):
    """The sign is turned round."""
    return -log_prob(probs)


@log_prob.mistake
def probability_itself(probs):
    """The product, without a logarithm."""
    return math.prod(probs)


@log_prob.mistake
def log_of_sum(probs):
    """Adds the probabilities up."""
    return math.log(sum(probs))


@log_prob.mistake
def zeros_left_out(probs):
    """Passes over what cannot happen."""
    return sum(math.log(p) for p in probs if p > 0)


@log_prob.mistake(hint="zeros_left_out")
def zeros_made_small(probs):
    """Puts a tiny number in its place."""
    return sum(math.log(p + 1e-9) for p in probs)


@log_prob.mistake(hint="zeros_left_out")
def zeros_made_smaller(probs):
    """The same, a tinier one."""
    return sum(math.log(p + 1e-12) for p in probs)


def _texts(generator: torch.Generator) -> Iterator[tuple]:
    yield [0, 1, 2, 0, 1, 1, 0, 1, 2], [0, 1], 3
    yield [0, 1, 0, 1, 2, 1, 0], [0], 4
    yield torch.randint(0, 3, (40,), generator=generator).tolist(), [2, 1], 3
    yield [3, 3, 3, 3, 3], [3, 3], 5  # occurrences overlap
    yield [0, 1, 2], [2], 3  # nothing follows
    yield [0, 1, 2, 1], [], 4  # no context: every token counts
    yield [1], [0], 2
    yield torch.randint(0, 4, (60,), generator=generator).tolist(), [3], 4


@exercise("autoregressive.counts", lesson="01", inputs=_texts)
def counts(tokens: list[int], context: list[int], vocab_size: int) -> list[int]:
    """How often each token 0 .. vocab_size - 1 comes right after `context` in `tokens`.

    Occurrences may overlap. After an empty context comes every token.
    """
    found, n = [0] * vocab_size, len(context)
    for i in range(n, len(tokens)):
        if tokens[i - n : i] == context:
            found[tokens[i]] += 1
    return found


def _after(tokens, context, start=0, step=1):
    """What follows each occurrence of the context, from a place on."""
    n, i = len(context), start
    while i + n < len(tokens):
        if tokens[i : i + n] == context:
            yield tokens[i + n]
            i += step
        else:
            i += 1


def _tally(found, vocab_size):
    return [list(found).count(token) for token in range(vocab_size)]


@counts.mistake
def first_token_after_one(tokens, context, vocab_size):
    """Starts one token late."""
    return _tally(list(_after(tokens, context, start=1)), vocab_size)


@counts.mistake
def without_overlap(tokens, context, vocab_size):
    """Goes on behind the whole occurrence."""
    return _tally(list(_after(tokens, context, step=len(context) + 1)), vocab_size)


@counts.mistake(hint="without_overlap")
def without_shared_tokens(tokens, context, vocab_size):
    """Goes on behind the context."""
    return _tally(list(_after(tokens, context, step=max(1, len(context)))), vocab_size)


@counts.mistake
def before_not_after(tokens, context, vocab_size):
    """Counts what comes before the context."""
    n = len(context)
    places = [i for i in range(1, len(tokens) - n + 1) if tokens[i : i + n] == context]
    return _tally([tokens[i - 1] for i in places], vocab_size)


@counts.mistake
def last_one_lost(tokens, context, vocab_size):
    """Stops one token early."""
    return counts(tokens[:-1], context, vocab_size)


@counts.mistake
def last_token_of_context_only(tokens, context, vocab_size):
    """Looks at the last token of the context alone."""
    return counts(tokens, context[-1:], vocab_size)


@counts.mistake
def any_order(tokens, context, vocab_size):
    """Takes the context for a set."""
    n = len(context)
    places = [i for i in range(n, len(tokens)) if sorted(tokens[i - n : i]) == sorted(context)]
    return _tally([tokens[i] for i in places], vocab_size)


@counts.mistake
def minus_zero(tokens, context, vocab_size):
    """Compares `so_far[-n:]`, which is all of it where n is 0."""
    return counts(tokens, context, vocab_size) if context else [0] * vocab_size


@counts.mistake
def never_equal(tokens, context, vocab_size):
    """Compares a tuple with a list: they are never equal."""
    return [0] * vocab_size


@counts.mistake
def only_the_total(tokens, context, vocab_size):
    """How often the context occurs, whatever follows."""
    return sum(counts(tokens, context, vocab_size))


@counts.mistake
def shares_already(tokens, context, vocab_size):
    """Divides by the sum: the next exercise."""
    found = counts(tokens, context, vocab_size)
    return [count / max(1, sum(found)) for count in found]


def _rows(generator: torch.Generator) -> Iterator[tuple]:
    yield ([3, 1],)
    yield ([2, 0, 5, 1],)
    yield (torch.randint(0, 20, (6,), generator=generator).tolist(),)
    yield ([0, 0, 0, 0, 0],)  # a context that never came
    yield ([7],)
    yield ([0, 4, 0],)
    yield ([10**6, 3 * 10**6],)


@exercise("autoregressive.normalise", lesson="01", inputs=_rows)
def normalise(counts: list[int]) -> list[float]:
    """Counts as probabilities. After a context that never came, all are equally likely."""
    total = sum(counts)
    if total == 0:
        return [1 / len(counts)] * len(counts)
    return [count / total for count in counts]


@normalise.mistake
def by_number_of_tokens(counts):
    """Divides by the size of the vocabulary."""
    return [count / len(counts) for count in counts]


@normalise.mistake
def by_the_largest(counts):
    """Divides by the largest count."""
    largest = max(counts) or 1
    return [count / largest for count in counts]


@normalise.mistake
def one_added(counts):
    """Adds one to every count first."""
    return [(count + 1) / (sum(counts) + len(counts)) for count in counts]


@normalise.mistake
def softmax_of_counts(counts):
    """Exponentials of the counts."""
    powers = [math.exp(count - max(counts)) for count in counts]
    return [power / sum(powers) for power in powers]


@normalise.mistake
def nothing_for_nothing(counts):
    """Zeros where nothing was seen: no probabilities, for they do not add up to one."""
    return [count / max(1, sum(counts)) for count in counts]


@normalise.mistake
def ones_for_nothing(counts):
    """1 for every token where nothing was seen."""
    return [count / sum(counts) if sum(counts) else 1.0 for count in counts]


@normalise.mistake
def nothing_seen_divides_by_zero(counts):
    """Not a number where nothing was seen."""
    return [count / sum(counts) if sum(counts) else math.nan for count in counts]


@normalise.mistake
def whole_division(counts):
    """Divides with `//`."""
    return [count // sum(counts) for count in counts] if sum(counts) else normalise(counts)


def _draws(generator: torch.Generator) -> Iterator[tuple]:
    yield [0.5, 0.3, 0.2], 0.6
    yield [0.5, 0.3, 0.2], 0.1
    yield [0.2, 0.3, 0.5], 0.95
    yield [0.1, 0.2, 0.7], 0.25
    yield [0.25, 0.25, 0.25, 0.25], 0.5  # just at an edge: the next one
    yield [0.0, 1.0], 0.0  # what cannot happen is never drawn
    yield [0.5, 0.0, 0.5], 0.5
    yield [1.0], 0.3
    yield [0.1, 0.6, 0.3], 0.65
    yield [0.1, 0.1, 0.8], 0.5


@exercise("autoregressive.sample", lesson="01", inputs=_draws)
def sample(probs: list[float], u: float) -> int:
    """Draw a token: lay the probabilities end to end, and see in whose stretch u falls.

    0 <= u < 1, drawn evenly. Token i's stretch begins where those before it end, its first point
    included, its last point not.
    """
    end = 0.0
    for token, p in enumerate(probs):
        end += p
        if u < end:
            return token
    return max(i for i, p in enumerate(probs) if p > 0)  # rounding left a crumb at the end


@sample.mistake
def always_the_likeliest(probs, u):
    """Takes the largest, whatever u is."""
    return max(range(len(probs)), key=lambda i: probs[i])


@sample.mistake
def first_one_above(probs, u):
    """Compares u with each probability instead of with their sum so far."""
    return next((i for i, p in enumerate(probs) if u < p), len(probs) - 1)


@sample.mistake
def end_included(probs, u):
    """Takes the token whose stretch ends at u."""
    end = 0.0
    for token, p in enumerate(probs):
        end += p
        if u <= end:
            return token
    return len(probs) - 1


@sample.mistake
def one_too_far(probs, u):
    """Counts tokens from 1."""
    return sample(probs, u) + 1


@sample.mistake
def equal_stretches(probs, u):
    """Gives every token the same stretch."""
    return int(u * len(probs))


@sample.mistake
def probability_returned(probs, u):
    """Returns the probability of the token, not the token."""
    return probs[sample(probs, u)]


@sample.mistake
def sorted_first(probs, u):
    """Sorts the probabilities, and gives the place in the sorted list."""
    return sample(sorted(probs, reverse=True), u)


@sample.mistake
def from_the_other_end(probs, u):
    """Lays the stretches from the right."""
    return len(probs) - 1 - sample(probs[::-1], u)


def _scores(generator: torch.Generator) -> Iterator[tuple]:
    for probs in _shares(generator, 3, 6, 2):
        yield (probs,)
    yield ([0.5, 0.25],)
    yield ([1.0, 1.0],)  # no surprise at all
    yield ([1 / 8] * 5,)
    yield ([1e-300, 0.5],)
    yield ([0.1] * 400,)  # a product would be 0


@exercise("autoregressive.bits", lesson="01", inputs=_scores)
def bits(probs: list[float]) -> float:
    """The cross-entropy in bits per token: the mean of -log2 p over what really came."""
    return -sum(math.log2(p) for p in probs) / len(probs)


@bits.mistake
def in_nats(probs):
    """Natural logarithms."""
    return bits(probs) * math.log(2)


@bits.mistake
def not_averaged(probs):
    """The sum over the text."""
    return bits(probs) * len(probs)


@bits.mistake
def sign_forgotten(probs):
    """The mean logarithm, which is negative."""
    return -bits(probs)


@bits.mistake
def log_of_mean(probs):
    """Averages first, takes the logarithm after."""
    return -math.log2(sum(probs) / len(probs))


@bits.mistake
def weighted_by_p(probs):
    """Weights each token by its probability, as an entropy does."""
    return -sum(p * math.log2(p) for p in probs)


@bits.mistake(hint="weighted_by_p")
def weighted_and_averaged(probs):
    """The same, averaged."""
    return -sum(p * math.log2(p) for p in probs) / len(probs)


@bits.mistake
def perplexity_returned(probs):
    """Two to the power of it."""
    return 2 ** bits(probs) if bits(probs) < 900 else math.inf
