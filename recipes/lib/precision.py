"""The precision of a forward pass: what was asked for, where the device is faster in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Precision = Literal["fp32", "bf16", "fp16"]


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """The forward pass in this precision, or in fp32 where that is faster and loses nothing.

    In a recipe::

        with autocast(torch.device("cuda"), "bf16"):
            logits = model(**batch).logits
    """
    import torch

    kind = torch.float16 if precision == "fp16" else torch.bfloat16
    return torch.autocast(device.type, kind, enabled=precision != "fp32" and pays(device, precision))


def pays(device: torch.device, precision: Precision) -> bool:
    """Whether a device is faster in a low precision than in fp32.

    A CPU without matrix units (AMX) is not: forwards and backwards, a batch of the small cViL student takes
    50 ms in bf16 with them, 170 with AVX-512 alone, and 610 with AVX2 alone, where fp32 takes 70 (on one
    CPU, its libraries held to these instructions).
    """

    if device.type != "cpu":
        return True
    return bool(_capabilities().get(f"amx_{precision}"))


def multiplies(device: torch.device) -> bool:
    """Whether a device multiplies matrices in bf16 faster than in fp32, if it does nothing else faster."""
    return pays(device, "bf16") or bool(_capabilities().get("avx512_bf16"))


def products(device: torch.device) -> torch.autocast:
    """bf16 where a device at least multiplies faster in it, as CPUs with the dot products of AVX-512 do:
    for models that are products nearly alone. The trainer does not ask for it there."""
    import torch

    kind = device.type
    return torch.autocast(kind, torch.bfloat16, enabled=torch.is_autocast_enabled(kind) or multiplies(device))


def _capabilities() -> dict[str, bool]:
    """What the CPU can do; older PyTorch does not say."""
    import torch

    return dict(getattr(torch.cpu, "get_capabilities", dict)())
