"""One thread owns the model; requests join and leave between two tokens. Lesson 09.

Iteration-level scheduling: Yu et al. 2022, "Orca", section 3.1.
"""

import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from queue import SimpleQueue

import torch
from torch import Tensor

from minillm.generate import Decoder, Sampling
from minillm.generate.decode import reading
from minillm.models.gpt import GPT


class Busy(Exception):
    """No row is free, and the queue is full; or the service is about to stop."""


class Reply:
    """The tokens that one request gets; iterate over it in any thread, once."""

    def __init__(
        self, prompt: Sequence[int], count: int, sampling: Sampling, seed: int | None = None
    ) -> None:
        self.prompt, self.left, self.sampling = prompt, count, sampling
        self.generator = torch.Generator()
        self.generator.seed() if seed is None else self.generator.manual_seed(seed)
        self.last = prompt[-1]  # the token that was written last
        self.cancelled = False
        self.finish: str | None = None  # "stop", "length", "cut", "error", once it is over
        self.read = 0  # tokens that the reader has got
        self.exhausted = False  # the reader has got them all
        self._ids: SimpleQueue[int | None] = SimpleQueue()

    def __iter__(self) -> Iterator[int]:
        """Token ids as they are written; waits for the next one."""
        while (token := self._ids.get()) is not None:
            self.read += 1
            yield token
        self.exhausted = True

    def cancel(self) -> None:
        """Nobody reads on: the row is free after the present step."""
        self.cancelled = True

    def put(self, token: int) -> None:
        """Hand a token over."""
        self.left, self.last = self.left - 1, token
        self._ids.put(token)

    def close(self, finish: str) -> None:
        """Say why there are no more tokens."""
        self.finish = finish
        self._ids.put(None)


class Scheduler:
    """Writes up to `rows` replies side by side, one token each a step; `waiting` more may queue."""

    def __init__(self, model: GPT, *, end: int | None, rows: int, waiting: int) -> None:
        if rows < 1 or waiting < 0:
            raise ValueError(f"{rows} rows, {waiting} waiting came; expected 1 and 0 at least.")
        self.model, self.end, self.limit = model, end, rows + waiting
        self._decoder = Decoder(model, rows)
        self._free = list(range(rows))
        self._active: dict[int, Reply] = {}  # by row
        self._waiting: deque[Reply] = deque()
        self._change = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="minillm model", daemon=True)
        self._thread.start()

    def submit(self, reply: Reply) -> Reply:
        """Queue a request; Busy where there is no room."""
        with self._change:
            if self._stopping or len(self._active) + len(self._waiting) >= self.limit:
                raise Busy
            self._waiting.append(reply)
            self._change.notify_all()
        return reply

    def load(self) -> dict[str, int]:
        """How many replies are being written, and how many wait."""
        with self._change:
            return {"running": len(self._active), "waiting": len(self._waiting)}

    def stop(self, grace: float) -> None:
        """Take no more; give what is under way `grace` seconds, then cut it. Waits for the end."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
            self._change.wait_for(lambda: not self._active and not self._waiting, timeout=grace)
            for reply in (*self._active.values(), *self._waiting):
                reply.cancel()
        self._thread.join()

    def _run(self) -> None:
        with reading(self.model):
            while self._wait():
                try:
                    self._step()
                except Exception:  # one bad step must not end the service
                    logging.getLogger("minillm.serve").exception("A step failed.")
                    for row in list(self._active):
                        self._release(row, "error")

    def _wait(self) -> bool:
        """Sleep until there is work; False when there is none and will be none."""
        with self._change:
            self._change.wait_for(lambda: self._active or self._waiting or self._stopping)
            return bool(self._active or self._waiting)

    def _step(self) -> None:
        """One token more for everybody: those who were here, and those who have just come."""
        old, new = self._sort()
        if old:
            replies = [self._active[row] for row in old]
            self._deal(old, self._decoder.step(old, [reply.last for reply in replies]))
        if new:
            self._deal(new, self._decoder.read(new, [self._active[row].prompt for row in new]))

    def _sort(self) -> tuple[list[int], list[int]]:
        """Drop what nobody reads, and give free rows to those who wait: old rows, new rows."""
        for row, reply in list(self._active.items()):
            if reply.cancelled:
                self._release(row, "cut")
        with self._change:
            old, new = list(self._active), []
            for reply in [one for one in self._waiting if one.cancelled]:
                self._waiting.remove(reply)
                reply.close("cut")
            while self._free and self._waiting:
                row = min(self._free)  # few rows, and low ones, make a small step
                self._free.remove(row)
                self._active[row] = self._waiting.popleft()
                new.append(row)
        return old, new

    def _deal(self, rows: list[int], logits: Tensor) -> None:
        """Choose the next token of each row by its own reply's settings, and hand it over."""
        for row, scores in zip(rows, logits, strict=True):
            reply, text = self._active[row], self._decoder.texts[row]
            (token,) = reply.sampling.choose(scores[None], [text], reply.generator, end=self.end)
            if token == self.end:
                self._release(row, "stop")
                continue
            reply.put(token)
            if not reply.left:
                self._release(row, "length")

    def _release(self, row: int, finish: str) -> None:
        with self._change:
            reply = self._active.pop(row)
            self._free.append(row)
            self._change.notify_all()
        reply.close(finish)
