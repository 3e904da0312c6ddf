"""Low precision where it pays: on devices that compute in it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from recipes.lib import precision
from recipes.lib.precision import Precision, autocast, pays, products

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("has", "asked", "found"),
    [
        ({"amx_bf16": True}, "bf16", True),
        ({"amx_bf16": True, "amx_fp16": False}, "fp16", False),
        ({"avx512_bf16": True}, "bf16", False),
        ({"architecture": "aarch64"}, "bf16", False),
    ],
)
def test_a_cpu_needs_matrix_units(
    monkeypatch: pytest.MonkeyPatch, has: dict[str, Any], asked: Precision, found: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has, raising=False)
    assert pays(CPU, asked) is found
    assert pays(torch.device("cuda"), asked)


@pytest.mark.parametrize("has", [True, False])
def test_a_cpu_that_only_multiplies_faster_is_used_where_that_is_all(
    monkeypatch: pytest.MonkeyPatch, has: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has}, raising=False)
    with products(CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == (torch.bfloat16 if has else torch.float32)


def test_a_pytorch_that_cannot_tell_computes_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not pays(CPU, "bf16")


@pytest.mark.parametrize(
    ("asked", "paying", "kind"),
    [
        ("fp32", True, torch.float32),
        ("bf16", True, torch.bfloat16),
        ("bf16", False, torch.float32),
        ("fp16", True, torch.float16),
    ],
)
def test_products_have_the_precision(
    monkeypatch: pytest.MonkeyPatch, asked: Precision, paying: bool, kind: torch.dtype
) -> None:
    monkeypatch.setattr(precision, "pays", lambda *_: paying)
    with autocast(CPU, asked):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == kind
