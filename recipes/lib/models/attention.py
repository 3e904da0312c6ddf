"""Attention as PyTorch computes it, in the precision that the device is fast in."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def attention(query: Tensor, key: Tensor, value: Tensor, **options: Any) -> Tensor:
    """``scaled_dot_product_attention``, on a CPU never in less than fp32.

    There its backward pass takes six times as long in bf16 as in fp32 (PyTorch 2.13), which is more than the
    matrices around it win.

    Args:
        query: (B, heads, N, width).
        key: (B, heads, M, width).
        value: (B, heads, M, width).
        **options: ``attn_mask``, ``dropout_p``, ``is_causal``.

    Returns:
        (B, heads, N, width), in fp32 where it was computed so.
    """
    if query.device.type == "cpu" and query.dtype in (torch.bfloat16, torch.float16):
        with torch.autocast("cpu", enabled=False):
            return functional.scaled_dot_product_attention(
                query.float(), key.float(), value.float(), **options
            )
    return functional.scaled_dot_product_attention(query, key, value, **options)
