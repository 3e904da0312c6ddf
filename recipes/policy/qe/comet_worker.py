"""A worker for the scorer ``qe`` that estimates quality with COMET, in an environment of its own.

    python3.11 -m venv .venv-comet
    .venv-comet/bin/pip install 'unbabel-comet>=2.2'
    .venv-comet/bin/python comet_worker.py --model Unbabel/wmt22-cometkiwi-da --check

Then, in build.yaml:

    scores:
      - qe: {command: .venv-comet/bin/python comet_worker.py --model Unbabel/wmt22-cometkiwi-da}

Any reference-free model of COMET serves, by its name on the hub or its checkpoint's path. CometKiwi's weights
are CC BY-NC-SA 4.0 and gated: accept their licence on the model's page and set HF_TOKEN. The protocol stands
in README.md beside this file; the script imports nothing of vqa_builder.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import logging
import os
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

PROTOCOL = 1
TRIAL = {"role": "question", "source": "Is it red?", "translation": "それは赤いですか？"}


def main() -> None:
    """Introduce the worker, then answer one request per line until the input ends."""
    options = parsed_options()
    replies = own_stdout()
    say(replies, {"protocol": PROTOCOL, "signature": signature(options)})
    model: Any = None
    requests = [json.dumps({"id": 0, "pairs": [TRIAL]})] if options.check else sys.stdin
    for line in requests:
        request = json.loads(line)
        try:
            model = model or load(options)
            scores = estimate(model, request["pairs"], options)
        except Exception as error:  # whatever it is, the build that asked must hear of it
            say(replies, {"id": request["id"], "error": f"{type(error).__name__}: {error}"})
        else:
            say(replies, {"id": request["id"], "scores": scores})


def parsed_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Estimate translation quality with COMET, for vqa-builder.")
    parser.add_argument(
        "--model", default="Unbabel/wmt22-cometkiwi-da", help="name on the hub, or .ckpt file"
    )
    parser.add_argument(
        "--batch-size", type=int, default=64, help="pairs at a time; changes rounding at most"
    )
    parser.add_argument("--gpus", type=int, help="0 for the CPU; 1 where there is a GPU, if not given")
    parser.add_argument("--check", action="store_true", help="score one pair, print what comes out, and end")
    return parser.parse_args()


def own_stdout() -> TextIO:
    """The real stdout, for replies alone: whatever libraries print goes to stderr."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8")
    return replies


def say(replies: TextIO, content: dict[str, Any]) -> None:
    """Write one line."""
    replies.write(json.dumps(content, ensure_ascii=False) + "\n")
    replies.flush()


def signature(options: argparse.Namespace) -> str:
    """Model and library; quick, since no weights are read but those of a checkpoint given by path."""
    path = Path(options.model)
    model = options.model
    if path.is_file():
        with path.open("rb") as file:
            model = f"{path.name}|sha:{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"
    return f"comet:{version('unbabel-comet')}|model:{model}"


def load(options: argparse.Namespace) -> Any:
    """The model; fails for one that needs references, which a build does not have."""
    from comet import download_model, load_from_checkpoint

    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    path = options.model if Path(options.model).is_file() else download_model(options.model)
    model = load_from_checkpoint(path)
    if model.requires_references():
        raise ValueError(f"{options.model} needs references; take one such as Unbabel/wmt22-cometkiwi-da")
    return model


def estimate(model: Any, pairs: list[dict[str, str]], options: argparse.Namespace) -> list[float]:
    """One score per pair; COMET's own run a little beyond 0 and 1, the protocol's do not."""
    import torch

    if not pairs:
        return []
    samples = [{"src": pair["source"], "mt": pair["translation"]} for pair in pairs]
    gpus = int(torch.cuda.is_available()) if options.gpus is None else options.gpus
    found = model.predict(
        samples, batch_size=options.batch_size, gpus=gpus, num_workers=0, progress_bar=False
    )
    return [min(1.0, max(0.0, float(score))) for score in found.scores]


if __name__ == "__main__":
    main()
