"""Attention: the same numbers as PyTorch's, and on a CPU fp32 in every precision."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from recipes.lib.models.attention import attention

SHAPE = (2, 3, 7, 8)


def drawn(dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(SHAPE, generator=generator).to(dtype).requires_grad_() for _ in range(3)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_full_precision_is_pytorchs_to_the_bit(dtype: torch.dtype) -> None:
    mask = torch.ones(2, 1, 1, 7, dtype=torch.bool)
    mask[1, ..., 4:] = False
    query, key, value = drawn(dtype)
    found = attention(query, key, value, attn_mask=mask)
    assert found.dtype == dtype
    assert torch.equal(found, functional.scaled_dot_product_attention(query, key, value, attn_mask=mask))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_lower_precision_is_computed_in_fp32_on_a_cpu(dtype: torch.dtype) -> None:
    query, key, value = drawn(dtype)
    with torch.autocast("cpu", torch.bfloat16):
        found = attention(query, key, value, is_causal=True)
    assert found.dtype == torch.float32
    wanted = functional.scaled_dot_product_attention(
        query.float(), key.float(), value.float(), is_causal=True
    )
    assert torch.equal(found, wanted)
    found.sum().backward()
    assert query.grad is not None
    assert query.grad.dtype == dtype
