"""Muon in fp32, for CPUs that only emulate bf16."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Fp32Muon(torch.optim.Muon):
    """PyTorch's Muon with another precision; options, state and result are the same but for rounding.

    PyTorch orthogonalises in bf16 whatever the device. On AVX2 that takes 125 ms for the twelve matrices of
    the small cViL student, and 13 in fp32.

    Source: Jordan et al., Muon (2024); the scale is that of Liu et al., Muon is Scalable (2025).
    """

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step of every matrix that has a gradient; the loss is computed before."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(weight)
                momentum = state["momentum_buffer"].lerp_(weight.grad, 1 - group["momentum"])
                update = orthogonal(weight.grad.lerp(momentum, group["momentum"]), group)
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(update, alpha=-0.2 * group["lr"] * max(weight.shape) ** 0.5)


def orthogonal(matrix: Tensor, options: dict[str, Any]) -> Tensor:
    """The matrix with all its singular values brought to about one, by the iteration of Newton and Schulz."""
    tall = matrix.shape[0] > matrix.shape[1]
    found = matrix.T if tall else matrix
    found = found / found.norm().clamp(min=options["eps"])
    a, b, c = options["ns_coefficients"]
    for _ in range(options["ns_steps"]):
        gram = found @ found.T
        found = torch.addmm(found, torch.addmm(gram, gram, gram, beta=b, alpha=c), found, beta=a)
    return found.T if tall else found
