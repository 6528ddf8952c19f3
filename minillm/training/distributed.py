"""One model, several processes: every rank trains on its rows of each batch. Lesson 08.

    torchrun --nproc_per_node=2 -m minillm train --text my_novel.txt

torchrun starts the processes and tells each its rank in environment variables; `joined` reads
them. On GPUs the processes talk by nccl, on CPUs by gloo.
"""

import inspect
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from minillm import evaluate
from minillm.batches import IGNORE, Batch, DocumentRows, Windows
from minillm.training.loop import Step, TrainConfig, Trainer


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """The processes that train one model together, as one of them sees them."""

    rank: int  # of this process, 0 to size - 1; rank 0 writes for all
    size: int
    device: torch.device  # of this process
    shard: bool = False  # weights, gradients and optimiser state spread over the ranks

    def sum(self, *values: float) -> list[float]:
        """Each value, added up over all ranks; every rank gets the same."""
        total = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return total.tolist()


@contextmanager
def joined(*, shard: bool = False, device: str | None = None) -> Iterator[Ranks | None]:
    """Join the processes that torchrun started; None where this process is alone.

    device: "cuda", "cpu", or "auto" (or None) for GPUs where there are any.
    Raises ValueError where they cannot work together: fewer GPUs than processes on this machine,
    or `shard` without anybody to share with.
    """
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        if shard:
            raise ValueError(
                "--shard spreads one model over several processes, and this is one alone. Start "
                "with torchrun --nproc_per_node=2 -m minillm train ..., or leave --shard out."
            )
        yield None
        return
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if device not in (None, "auto", "cuda", "cpu"):
        raise ValueError(f"Several processes train on cuda or on cpu; --device {device} came.")
    gpu = device == "cuda" or (device != "cpu" and torch.cuda.is_available())
    own = torch.device("cuda", _own_gpu()) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(own)
    dist.init_process_group("nccl" if gpu else "gloo", device_id=own if gpu else None)
    yield Ranks(rank=rank, size=size, device=own, shard=shard)
    dist.destroy_process_group()  # not after an error: it might wait for a rank that is gone


def _own_gpu() -> int:
    """The number of this process's GPU, one each."""
    here, gpus = int(os.environ.get("LOCAL_WORLD_SIZE", "1")), torch.cuda.device_count()
    if here > gpus:
        raise ValueError(
            f"{here} processes were started on this machine, which has {gpus} GPU(s), and each "
            f"process needs its own. Start with --nproc_per_node={gpus}; or, to train on the CPU, "
            "set CUDA_VISIBLE_DEVICES=-1."
        )
    return int(os.environ.get("LOCAL_RANK", "0"))


def in_turn(read: Callable[[], Any], ranks: Ranks | None) -> Any:
    """What `read` returns, after one process on each machine has called it alone.

    It may download a file, which the others then find there.
    """
    if ranks is None:
        return read()
    if os.environ.get("LOCAL_RANK", "0") != "0":
        dist.barrier()
        return read()
    try:
        return read()
    finally:
        dist.barrier()  # an error too: the others shall meet it by themselves, not wait


def broken(error: RuntimeError) -> bool:
    """Whether `error` says that another rank could not be reached any more."""
    words = ("gloo", "NCCL", "Connection", "connection", "Broken pipe")
    return dist.is_initialized() and (
        isinstance(error, dist.DistError) or any(word in str(error) for word in words)
    )


@dataclass(frozen=True, kw_only=True)
class PartBatch(Batch):
    """A rank's rows of a batch.

    Gradients are averaged over ranks, and rows may hold unequally many targets. So that the
    average is the gradient of the whole batch, a rank divides by an even share of its targets.
    """

    share: float  # targets of the whole batch, divided by the number of ranks

    @property
    def tokens(self) -> float:
        """What this rank's summed loss is divided by."""
        return self.share


class Part:
    """Data as one rank sees it: of each batch, its own rows."""

    def __init__(self, data: Windows | DocumentRows, ranks: Ranks) -> None:
        self.data, self.ranks = data, ranks

    def sample(self, generator: torch.Generator) -> PartBatch:
        """This rank's rows; all ranks draw the same batch, so no row is taken twice or left."""
        batch = self.data.sample(generator)
        return PartBatch(
            inputs=self._rows(batch.inputs),
            targets=self._rows(batch.targets),
            share=batch.tokens / self.ranks.size,
        )

    def whole(self) -> Iterator[Batch]:
        """This rank's rows of every batch; a row without targets where none is left for it.

        All ranks thus pass the model equally often, as a sharded one demands.
        """
        for batch in self.data.whole():
            inputs, targets = self._rows(batch.inputs), self._rows(batch.targets)
            if not len(inputs):
                inputs, targets = batch.inputs[:1], torch.full_like(batch.targets[:1], IGNORE)
            yield Batch(inputs=inputs, targets=targets)

    def _rows(self, rows: Tensor) -> Tensor:
        return rows[self.ranks.rank :: self.ranks.size]


def shard(model: nn.Module, ranks: Ranks) -> None:
    """Spread the weights over the ranks, in place: each holds 1/N of every tensor.

    Blocks (the members of each ModuleList) are gathered one at a time, just before they compute,
    so that no rank ever holds the whole model. Rajbhandari et al. 2019 (arXiv 1910.02054), stage 3.
    """
    # These take a second to load; only sharding pays it.
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(ranks.device.type, (ranks.size,))
    for block in _blocks(model):
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh, reshard_after_forward=True)  # a model at rest is in parts


def _blocks(model: nn.Module) -> list[nn.Module]:
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    return [block for members in lists for block in members]


def _averaging(model: nn.Module, ranks: Ranks) -> DistributedDataParallel:
    """The model in a wrapper that averages gradients over ranks during the backward pass."""
    settings = inspect.signature(DistributedDataParallel).parameters
    buffers = "forward_sync_buffers"  # tables of positions: they never change, so never send them
    known = buffers if buffers in settings else "broadcast_buffers"  # its name before torch 2.13
    gpus = [ranks.device] if ranks.device.type == "cuda" else None
    return DistributedDataParallel(model, device_ids=gpus, **{known: False})


class DistributedTrainer(Trainer):
    """A `Trainer` in each of several processes; together they do what one would do alone.

    The gradient of a step is that of the whole batch, whatever the number of ranks (Li et al.
    2020, arXiv 2006.15704), so a run may go on with more or fewer of them. All ranks call the
    same methods: a rank that leaves out a step or a save keeps the others waiting.
    """

    def __init__(
        self,
        model: nn.Module,
        train: Windows | DocumentRows,
        validation: Windows | DocumentRows | None,
        config: TrainConfig,
        ranks: Ranks,
    ) -> None:
        if train.batch_size % ranks.size:
            fit = [n for n in range(1, train.batch_size + 1) if train.batch_size % n == 0]
            raise ValueError(
                f"A batch of {train.batch_size} rows does not divide into {ranks.size} equal "
                f"parts. Numbers of processes that do: {', '.join(map(str, fit))}."
            )
        model = model.to(ranks.device)
        if ranks.shard:
            shard(model, ranks)  # before the optimisers are made: they are to hold parts too
        here = replace(config, device=None)  # where the model is by now
        super().__init__(model, Part(train, ranks), validation, here)
        self.ranks, self.rank = ranks, ranks.rank
        self.forward, self._passes, self._pressed = self._read, 0, False
        self._wrapped = model if ranks.shard else _averaging(model, ranks)
        dist.barrier()  # nobody begins (or writes a file) before everybody has read its input

    def __iter__(self) -> Iterator[Step]:
        """Train to the end; a signal to one rank stops all of them after the same step."""
        with self._listening():
            while self.progress < 1:
                self._once()
                if self._agreed:
                    raise KeyboardInterrupt
                yield self.history[-1]

    def _read(self, tokens: Tensor) -> Tensor:
        """Logits; gradients are exchanged in the last pass of a step only."""
        self._passes += 1
        last = self._passes == self.config.accumulate
        if self.ranks.shard:
            self.model.set_requires_gradient_sync(last)
        else:
            self._wrapped.require_backward_grad_sync = last
        return self._wrapped(tokens)

    def _gradient(self) -> tuple[Tensor, int]:
        self._passes = 0
        loss, share = super()._gradient()
        dist.all_reduce(loss)
        return loss / self.ranks.size, round(share * self.ranks.size)

    def _compile(self) -> None:
        """Each block by itself: gradients of one are sent while the next is computed."""
        for block in _blocks(self.model):
            block.compile()

    def _took(self, start: float) -> float:
        """Rank 0's clock counts for all, and whoever was asked to stop tells the others."""
        seconds = super()._took(start)
        seconds, pressed = self.ranks.sum(0.0 if self.rank else seconds, self._pressed)
        self._agreed = pressed > 0  # not `_pressed`: a signal may come at any moment
        return seconds

    def _validate(self) -> float:
        own = Part(self.validation, self.ranks)
        with self.precision.autocast():
            total, tokens = self.ranks.sum(*evaluate.summed_loss(self.model, own))
        return total / tokens

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Note an interrupt, or torchrun's request to end, instead of obeying it at once."""
        self._pressed = self._agreed = False
        if threading.current_thread() is not threading.main_thread():
            yield  # signals reach the main thread only
            return

        def note(number: int, frame: object) -> None:
            self._pressed = True

        previous = {s: signal.signal(s, note) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        except (KeyboardInterrupt, RuntimeError):
            # When the first process is gone torchrun ends the others. Let this one save and speak.
            del previous[signal.SIGTERM]
            raise
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
