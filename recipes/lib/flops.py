"""Model FLOPs utilisation: the operations a model needs, over those its device could have done meanwhile.

As PaLM defines MFU (Chowdhery et al., 2022, appendix B): a forward and a backward pass as written, nothing
that is recomputed, against the dense bf16 peak of the device, whatever precision the run has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

# TFLOPS in bf16 (fp16 for older ones) without sparsity, from the makers' data sheets.
PEAKS = {
    "GB200": 2500.0,
    "B200": 2250.0,
    "H200": 989.0,
    "H100 PCIe": 756.0,
    "H100": 989.0,
    "GH200": 989.0,
    "A100": 312.0,
    "A10G": 70.0,
    "A10": 125.0,
    "L40S": 362.0,
    "L40": 181.0,
    "L4": 121.0,
    "RTX 4090": 165.0,
    "RTX 3090": 71.0,
    "V100": 125.0,
    "T4": 65.0,
}


def peak_flops(device: torch.device) -> float | None:
    """Operations per second of a GPU in bf16, by its name; None for others and for a CPU."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    return next((peak * 1e12 for known, peak in PEAKS.items() if known in name), None)


def count(model: nn.Module, loss: Any, batch: Mapping[str, Tensor]) -> float:
    """Operations of one forward and backward pass of a loss over a batch, counted as it runs.

    The model is in eval mode meanwhile, so that no running statistic moves; gradients are dropped.
    """
    from torch.utils.flop_counter import FlopCounterMode

    training = model.training
    model.eval()
    compiled, model._compiled_call_impl = model._compiled_call_impl, None
    devices = {value.device.index for value in batch.values() if value.device.type == "cuda"}
    try:
        with torch.random.fork_rng(devices=list(devices)), FlopCounterMode(display=False) as counter:
            loss(model, batch)["loss"].backward()
    finally:
        model._compiled_call_impl = compiled
        model.train(training)
        model.zero_grad(set_to_none=True)
    return float(counter.get_total_flops())


def positions(batch: Mapping[str, Tensor]) -> int:
    """Places of a batch that a transformer computes: text, regions and patches, times rows."""
    names = ("input_ids", "region_mask", "patches")
    widths = [batch[name].shape[1] for name in names if name in batch and batch[name].dim() > 1]
    return int(next(iter(batch.values())).shape[0] * max(sum(widths), 1))


class Meter:
    """Counts the first batch once and the others by their size.

    Args:
        device: of the run.
        peak: TFLOPS of the device; 0 looks them up. Without a peak nothing is counted.
        counts: whether to; a model in parts is not on the device as a whole.
    """

    def __init__(self, device: torch.device, peak: float = 0.0, *, counts: bool = True) -> None:
        self.peak = (peak * 1e12 if peak else peak_flops(device)) if counts else None
        self._per_position = 0.0
        self._done = 0.0

    def see(self, model: nn.Module, loss: Any, batch: Mapping[str, Tensor]) -> None:
        """A batch that is about to be computed."""
        if self.peak is None:
            return
        if not self._per_position:
            self._per_position = count(model, loss, batch) / positions(batch)
        self._done += self._per_position * positions(batch)

    def utilisation(self, seconds: float) -> float | None:
        """The share of the peak over so many seconds since the last call; None where no peak is known."""
        if self.peak is None or seconds <= 0:
            return None
        done, self._done = self._done, 0.0
        return done / seconds / self.peak
