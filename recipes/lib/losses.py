"""The losses that the recipes share; each states its inputs, its formula and where it comes from."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional


def answer_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy with soft targets, times the number of answers.

    | input | shape | values |
    |---|---|---|
    | logits | (B, labels) | any |
    | targets | (B, labels) | soft scores, 0 to 1 |

    The mean over questions of the sum over answers: the factor undoes the mean over answers, as in bottom-up
    attention VQA and Oscar (``instance_bce_with_logits``).

    >>> answer_loss(torch.zeros(2, 3), torch.zeros(2, 3)).item()  # 3 ln 2
    2.0794...
    """
    return functional.binary_cross_entropy_with_logits(logits.float(), targets) * logits.shape[1]


def softmax_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy with the soft scores shared out to a sum of 1.

    | input | shape | values |
    |---|---|---|
    | logits | (B, labels) | any |
    | targets | (B, labels) | soft scores, 0 to 1; a row of zeros adds nothing |

    Not cViL's loss. A small model learns from fewer questions with it, since the answers compete.
    """
    shares = targets / targets.sum(dim=1, keepdim=True).clamp(min=1e-6)
    return -(functional.log_softmax(logits.float(), dim=1) * shares).sum(dim=1).mean()


def hidden_state_loss(student: list[Tensor], teacher: Tensor, matched: Tensor) -> Tensor:
    """Squared distance between the states of two encoders at positions that mean the same.

    | input | shape | values |
    |---|---|---|
    | student | one (B, N, H) per distilled layer | |
    | matched | (M,) int64 | the positions that carry loss, counted through the B x N |
    | teacher | (L, M, H) | the teacher's state for each of them |

    The sum over layers of the mean over matched positions and dimensions, weight 1 per layer, no temperature:
    L_KD of cViL (Gupta et al., ICPR 2022; ``CaptionBertEncoder.forward`` of its code).
    """
    distances = [
        (own.flatten(0, 1)[matched].float() - others).square().sum()
        for own, others in zip(student, teacher, strict=True)
    ]
    return torch.stack(distances).sum() / max(1, len(matched) * teacher.shape[-1])


def logit_loss(student: Tensor, teacher: Tensor, *, softmax: bool = False) -> Tensor:
    """The answer loss against the teacher's probabilities.

    | input | shape |
    |---|---|
    | student | (B, labels) logits |
    | teacher | (B, labels) logits |

    The usual distillation of outputs (Hinton et al., 2015, at temperature 1); cViL's code has it, for its
    multi-label head, switched off.
    """
    if softmax:
        return softmax_loss(student, teacher.float().softmax(dim=1))
    return answer_loss(student, teacher.float().sigmoid())


def symmetric_contrast(left: Tensor, right: Tensor, scale: float = 100.0) -> Tensor:
    """InfoNCE both ways between two lists of features, row i of one belonging to row i.

    | input | shape |
    |---|---|
    | ``left`` | (B, D) images, or English sentences for the text-text term |
    | ``right`` | (B, D) sentences |

    Loss = 1/2 [CE over rows + CE over columns] of ``scale * cos(left_i, right_j)``; MLA's scale is 100
    (Zhang et al., NeurIPS 2022). The rows of all processes are each other's negatives.
    """
    left, right = functional.normalize(left, dim=-1), functional.normalize(right, dim=-1)
    forth, back, wanted = paired_logits(scale * left, right)
    return (functional.cross_entropy(forth, wanted) + functional.cross_entropy(back, wanted)) / 2


def paired_logits(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Products of two lists of features both ways, and the column in which each row finds its own.

    | output | shape |
    |---|---|
    | left x right | (B, B of all processes) |
    | right x left | (B, B of all processes) |
    | own column | (B,) |
    """
    own = torch.arange(len(left), device=left.device)
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        products = left @ right.T
        return products, products.T, own
    return left @ gathered(right).T, right @ gathered(left).T, own + dist.get_rank() * len(left)


def mean_of_all(total: Tensor, count: Tensor) -> Tensor:
    """A sum over what this process holds, over the mean count of all processes.

    | input | shape | values |
    |---|---|---|
    | total | () | the sum of a loss over the elements of this process |
    | count | () | how many those are; nobody has any: the loss is 0 |

    Gradients are averaged over processes, so that this is the mean over the elements of all of them, however
    they are divided.

    >>> mean_of_all(torch.tensor(6.0), torch.tensor(4)).item()
    1.5
    """
    return total / averaged(count).clamp(min=torch.finfo(torch.float32).tiny)


def averaged(value: Tensor) -> Tensor:
    """The mean of a tensor over all processes, in fp32 and without a gradient."""
    mean = value.detach().to(torch.float32, copy=True)
    if dist.is_available() and dist.is_initialized():
        dist.all_reduce(mean)
        mean /= dist.get_world_size()
    return mean


def gathered(features: Tensor) -> Tensor:
    """(B, D) of every process -> (B of all processes, D), the gradient going back to whose they are."""
    from torch.distributed.nn.functional import all_gather

    return torch.cat(all_gather(features.contiguous()))
