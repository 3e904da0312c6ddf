"""The examples in this room's docstrings do what they show."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from vqa_builder import translation

MODULES = [found.name for found in pkgutil.walk_packages(translation.__path__, f"{translation.__name__}.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
