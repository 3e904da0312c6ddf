from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import distributed

from recipes.lib.losses import (
    answer_loss,
    hidden_state_loss,
    logit_loss,
    softmax_loss,
    symmetric_contrast,
)
from tests.recipes.processes import together

random = torch.Generator().manual_seed(0)


def test_the_answer_loss_is_the_sum_over_answers_of_the_published_formula() -> None:
    logits, targets = torch.randn(4, 7, generator=random), torch.rand(4, 7, generator=random)
    probabilities = logits.sigmoid()
    by_hand = -(targets * probabilities.log() + (1 - targets) * (1 - probabilities).log()).sum(1).mean()
    torch.testing.assert_close(answer_loss(logits, targets), by_hand)
    assert answer_loss(torch.zeros(2, 3), torch.zeros(2, 3)).item() == pytest.approx(3 * math.log(2))


def test_the_softmax_loss_shares_out_the_scores_and_ignores_unanswered_questions() -> None:
    logits = torch.tensor([[2.0, 0.0, -1.0], [0.0, 0.0, 0.0]])
    targets = torch.tensor([[0.9, 0.3, 0.0], [0.0, 0.0, 0.0]])
    shares = torch.tensor([0.75, 0.25, 0.0])
    by_hand = -(shares * logits[0].log_softmax(0)).sum() / 2
    torch.testing.assert_close(softmax_loss(logits, targets), by_hand)


def test_the_distance_of_states_is_a_mean_over_what_is_matched_and_a_sum_over_layers() -> None:
    student = [torch.randn(2, 3, 4, generator=random) for _ in range(2)]
    there = torch.tensor([[True, False, True], [False, False, True]])
    teacher, places = torch.randn(2, 3, 4, generator=random), there.flatten().nonzero()[:, 0]
    by_hand = sum((own[there] - theirs).square().mean() for own, theirs in zip(student, teacher, strict=True))
    torch.testing.assert_close(hidden_state_loss(student, teacher, places), by_hand)
    student[0][0, 1] = 1e6
    torch.testing.assert_close(hidden_state_loss(student, teacher, places), by_hand)
    assert hidden_state_loss(student, teacher[:, :0], places[:0]) == 0


@pytest.mark.parametrize("softmax", [False, True])
def test_answers_are_learned_from_the_teacher_down_to_its_own_entropy(softmax: bool) -> None:
    teacher = torch.randn(3, 5, generator=random)
    own = logit_loss(teacher, teacher, softmax=softmax)
    for _ in range(5):
        other = teacher + torch.randn(3, 5, generator=random)
        assert logit_loss(other, teacher, softmax=softmax) > own


def test_contrast_is_cross_entropy_both_ways() -> None:
    left, right = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    assert float(symmetric_contrast(left, right)) == pytest.approx(0.0, abs=1e-6)
    swapped = symmetric_contrast(left, right.flip(0), scale=1.0)
    assert float(swapped) == pytest.approx(1.3133, abs=1e-4)  # log(1 + e)


def _halves() -> None:
    """Each process has a half of the rows; their mean gradient is that of all rows."""
    distributed.init_process_group("gloo")
    random = torch.Generator().manual_seed(0)
    images, texts, start = (torch.randn(8, 4, generator=random) for _ in range(3))

    def gradient(rows: slice) -> torch.Tensor:
        weight = start[:4].clone().requires_grad_()
        loss = symmetric_contrast(images[rows] @ weight, texts[rows], scale=3.0)
        loss.backward()
        assert weight.grad is not None
        return torch.stack([*weight.grad.flatten(), loss.detach()])

    rank = distributed.get_rank()
    mean = gradient(slice(4 * rank, 4 * rank + 4))
    distributed.all_reduce(mean)
    distributed.destroy_process_group()
    torch.testing.assert_close(mean / 2, gradient(slice(0, 8)))


def test_rows_of_other_processes_are_negatives_with_their_gradient(tmp_path: Path) -> None:
    together(tmp_path, _halves)
