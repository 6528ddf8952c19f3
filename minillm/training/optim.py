"""Optimisers: AdamW, and Muon for the matrices. Lesson 06."""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from minillm.training.sharding import part_like, whole

# Jordan 2024 (github.com/KellerJordan/Muon): a quintic whose iteration pulls singular values
# to between about 0.7 and 1.2 in five steps. Steepness at zero matters more than hitting 1.
A, B, C = 3.4445, -4.7750, 2.0315


def orthogonalise(matrices: Tensor, steps: int = 5) -> Tensor:
    """Replace the singular values of each (..., m, n) matrix by about 1: the nearest rotation.

    Newton-Schulz iteration: matrix products alone, so a whole stack is done at once.
    """
    X = matrices / (torch.linalg.matrix_norm(matrices, keepdim=True) + 1e-7)
    tall = X.size(-2) > X.size(-1)
    X = X.mT if tall else X  # the small side squared is cheaper
    for _ in range(steps):
        gram = X @ X.mT
        X = A * X + (B * gram + C * gram @ gram) @ X
    return X.mT if tall else X


class Muon(torch.optim.Optimizer):
    """Momentum whose step is orthogonalised: every direction of a matrix moves equally.

    Jordan et al. 2024. Like `torch.optim.Muon`, but matrices of equal shape are stacked and
    orthogonalised together, which is several times faster for small models.
    lr: a step changes each weight by about lr (times max(1, rows/columns)**0.5).
    parts: how many matrices a parameter holds, one above the other; each is orthogonalised by
    itself (an attention layer's queries, keys and values are three).
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float = 0.02,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        parts: int = 1,
    ) -> None:
        defaults = dict(lr=lr, momentum=momentum, weight_decay=weight_decay, parts=parts)
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.dim() != 2:
                    raise ValueError(
                        f"Muon takes matrices; a parameter of shape {tuple(p.shape)} came. "
                        "Give vectors and embeddings to AdamW."
                    )

    @torch.no_grad()
    def step(self) -> None:
        """Move every matrix that has a gradient."""
        stacks: dict[tuple, list[tuple[nn.Parameter, Tensor]]] = defaultdict(list)
        moves: dict[nn.Parameter, list[Tensor]] = defaultdict(list)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    speed = self._momentum(p)
                    speed.lerp_(p.grad, 1 - group["momentum"])
                    # Nesterov. Rows of a matrix cannot be orthogonalised without the others.
                    ahead = whole(p.grad.lerp(speed, group["momentum"]))
                    for a in ahead.chunk(group["parts"]):
                        stacks[(a.shape, a.dtype, a.device)].append((p, a))
        for stack in stacks.values():
            updates = orthogonalise(torch.stack([ahead for _, ahead in stack]))
            for (p, _), update in zip(stack, updates, strict=True):
                moves[p].append(update)
        for group in self.param_groups:
            for p in group["params"]:
                if p in moves:
                    rows, columns = moves[p][0].shape
                    stretch = max(1.0, rows / columns) ** 0.5
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(part_like(torch.cat(moves[p]), p), alpha=group["lr"] * stretch)

    def _momentum(self, p: Tensor) -> Tensor:
        state = self.state[p]
        if not state:
            state["momentum"] = torch.zeros_like(p)
        return state["momentum"]


def optimizers(model: nn.Module, config) -> list[torch.optim.Optimizer]:
    """The optimisers a `TrainConfig` asks for, each group with its `peak_lr`.

    Muon moves hidden matrices: parameters with two dimensions that neither read tokens in
    (a name with `embedding` or `position`) nor read them out (`head`). AdamW moves the rest;
    weight decay is for matrices and embeddings, not for biases and gains.
    """
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if not named:
        raise ValueError("The model has no parameter to train; unfreeze some of it first.")
    ends = ("embedding", "position", "head")
    muon = {
        name: p
        for name, p in named
        if config.optimizer == "muon" and p.dim() == 2 and not any(e in name for e in ends)
    }
    rest = [p for name, p in named if name not in muon]
    fused = [p for name, p in muon.items() if name.endswith("qkv.weight")]
    single = [p for name, p in muon.items() if not name.endswith("qkv.weight")]
    adamw = [
        dict(params=[p for p in rest if p.dim() >= 2], weight_decay=config.weight_decay),
        dict(params=[p for p in rest if p.dim() < 2], weight_decay=0.0),
    ]
    matrices = [dict(params=fused, parts=3), dict(params=single)]
    chosen = [
        (torch.optim.AdamW, adamw, dict(lr=config.lr, betas=config.betas, fused=True)),
        (Muon, matrices, dict(lr=config.matrix_lr, momentum=config.momentum)),
    ]
    made: list[torch.optim.Optimizer] = []
    for kind, groups, settings in chosen:
        groups = [group for group in groups if group["params"]]
        if groups:
            made.append(kind(groups, **settings))
    for optimizer in made:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return made
