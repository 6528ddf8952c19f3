"""Texts that grow side by side: what each has read, and the KV cache they share. Lesson 09."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from minillm.models.cache import KVCache
from minillm.models.gpt import GPT


@contextmanager
def reading(model: torch.nn.Module) -> Iterator[None]:
    """Evaluation mode inside, what was before afterwards."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


class Decoder:
    """`rows` texts of any lengths that grow by one token a step; the owner of their positions.

    A text is read once (`read`), then costs one token a step (`step`). Texts may begin and end at
    any time: a row that is not named is left as it is. When a text fills the model's context, its
    window moves on by half of it, and is read again.

    compile: decode by `torch.compile`, which pays on a GPU for a long text. All shapes of the
    step are then fixed (every row, the cache's whole capacity), so it compiles once.
    """

    def __init__(
        self, model: GPT, rows: int = 1, *, cache: bool = True, compile: bool = False
    ) -> None:
        if rows < 1 or (compile and not cache):
            raise ValueError(
                f"{rows} rows, cache {cache}, compile {compile} came; expected at least one row, "
                "and a cache where the step is compiled."
            )
        self.model, self.rows = model, rows
        self.texts: list[list[int]] = [[] for _ in range(rows)]  # what each row can still read
        self.cache = model.new_cache(rows) if cache else None
        self.compiled = _compiled(model, self.cache) if compile else None

    @torch.inference_mode()
    def read(self, rows: Sequence[int], texts: Sequence[Sequence[int]]) -> Tensor:
        """Begin the texts in these rows; logits (n, V) of the token after each."""
        if not all(len(ids) for ids in texts):
            raise ValueError("The prompt is empty; give at least one token to continue.")
        for row, ids in zip(rows, texts, strict=True):
            self.texts[row] = list(ids)[-self.model.config.context :]
        return self._read(rows)

    @torch.inference_mode()
    def step(self, rows: Sequence[int], tokens: Sequence[int]) -> Tensor:
        """Add one token to each of these rows; logits (n, V) of the token after it."""
        context, moved = self.model.config.context, []
        for row, token in zip(rows, tokens, strict=True):
            self.texts[row].append(token)
            if len(self.texts[row]) > context:
                self.texts[row] = self.texts[row][-(context // 2 + 1) :]
                moved.append(row)
        if self.cache is None or len(moved) == len(rows):
            return self._read(rows)
        if not moved:
            return self._next(rows)
        again = dict(zip(moved, self._read(moved), strict=True))
        others = [row for row in rows if row not in again]
        again.update(zip(others, self._next(others), strict=True))
        return torch.stack([again[row] for row in rows])

    def _read(self, rows: Sequence[int]) -> Tensor:
        """Read the whole texts of these rows, at once.

        The padding is on the right: under the causal mask no token sees what comes after it, and
        what the padding leaves in the cache is overwritten before anything may read it.
        """
        texts = [self.texts[row] for row in rows]
        lengths = [len(ids) for ids in texts]
        T = max(lengths)
        tokens = self._tensor([ids + [0] * (T - len(ids)) for ids in texts])  # (n, T)
        if self.cache is None:
            logits = self.model(tokens)  # (n, T, V)
        elif self._in_step:
            self.cache.clear()
            logits = self.model(tokens, cache=self.cache)
        else:
            fresh = self.model.new_cache(len(rows), capacity=T)
            logits = self.model(tokens, cache=fresh)
            self.cache.copy(self._tensor(rows), fresh)
        return logits[range(len(texts)), [n - 1 for n in lengths]]

    def _next(self, rows: Sequence[int]) -> Tensor:
        """Read the last token of these rows, with what the cache holds before it."""
        if self._in_step:
            return self.model(self._tensor([self.texts[0][-1:]]), cache=self.cache)[:, -1]
        # All rows up to the last one go along, those that are not asked with the token that they
        # have read already: so no row's keys have to be moved.
        texts = self.texts[: max(rows) + 1] if self.compiled is None else self.texts
        tokens = self._tensor([ids[-1:] or [0] for ids in texts])  # (B, 1)
        places = self._tensor([[max(len(ids) - 1, 0)] for ids in texts])
        model = self.model if self.compiled is None else self.compiled
        return model(tokens, positions=places, cache=self.cache)[list(rows), -1]

    @property
    def _in_step(self) -> bool:
        """A single text needs no places of its own: the cache's length is its position."""
        return self.rows == 1 and self.compiled is None

    def _tensor(self, values: Sequence) -> Tensor:
        return torch.tensor(values, device=self.model.embedding.weight.device)


def _compiled(model: GPT, cache: KVCache) -> Callable:
    for layer in cache.layers:  # CUDA graphs ask for memory that stays where it is
        torch._dynamo.mark_static_address(layer.keys)
        torch._dynamo.mark_static_address(layer.values)
    return torch.compile(model, mode="reduce-overhead", fullgraph=True)
