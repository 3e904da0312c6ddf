"""Model 1 against a calculation by hand."""

import numpy as np
import pytest

from vqa_builder.translation.aligners import _model_one as model_one


def test_the_first_posteriors_are_those_of_the_formula() -> None:
    source = model_one.make_side([["a", "b"], ["A"]])
    target = model_one.make_side([["x", "y"], ["x"]])
    cells = model_one.make_cells(source, target, longest=10)
    assert cells.source.tolist() == [0, 1, 0, 1, 2]
    assert cells.target.tolist() == [0, 0, 1, 1, 2]
    assert list(zip(cells.source_of, cells.target_of, strict=True)) == [(0, 0), (1, 0), (0, 1), (1, 1)]
    agreed = model_one.agreed_posteriors(source, target, cells, rounds=0, empty=0.2)
    # t = 1/2 everywhere: 0.4 each beside two words, 0.8 beside one; the other direction is the same.
    assert agreed == pytest.approx(np.array([0.4, 0.4, 0.4, 0.4, 0.8]) ** 2)


def test_one_round_learns_from_the_pair_that_is_not_ambiguous() -> None:
    source = model_one.make_side([["a", "b"], ["a"]])
    target = model_one.make_side([["x", "y"], ["x"]])
    cells = model_one.make_cells(source, target, longest=10)
    agreed = model_one.agreed_posteriors(source, target, cells, rounds=1, empty=0.2)
    # Expected counts: a-x 0.16 + 0.64, a-y, b-x and b-y 0.16 each; tokens without a partner are left 1 - 0.32
    # twice, and 1 - 0.64. So t(x | a) = 0.8 / 0.96, t(x | b) = 1/2, t(x | none) = (0.68 + 0.36) / 1.72.
    a, b, none = 0.4 * 0.8 / 0.96, 0.4 * 0.5, 0.2 * 1.04 / 1.72
    assert agreed[0] == pytest.approx((a / (a + b + none)) ** 2)
    assert agreed[0] > agreed[1] == pytest.approx(agreed[2])
    assert agreed[4] > agreed[0]
