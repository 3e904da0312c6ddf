"""The command ``python -m recipes.lib.features``: one way to fill a feature store per subcommand."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from vqa_builder.errors import VQABuilderError

WAYS = {
    "vinvl": "VinVL / Oscar feature files (TSV, base64)",
    "authors": "the .pt feature files of Oscar's and cViL's VQA folders",
    "transformers": "images, through a detector and CLIP or SigLIP of transformers",
}
EPILOGUE = """examples:
  python -m recipes.lib.features vinvl features.tsv features/vinvl --labels predictions.tsv
  python -m recipes.lib.features authors train_img_frcnn_feats.pt features/train
  python -m recipes.lib.features transformers images features/clip --detector PekingU/rtdetr_r50vd \\
      --vision openai/clip-vit-base-patch32
"""


def parser() -> argparse.ArgumentParser:
    """The command line; every way adds its own arguments."""
    whole = argparse.ArgumentParser(
        prog="python -m recipes.lib.features",
        description="Fill a feature store: regions with boxes and tags, and patches, of every image.",
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    ways = whole.add_subparsers(dest="way", required=True, metavar="WAY")
    for name, help_text in WAYS.items():
        module = import_module(f"recipes.lib.features_{name}")
        way = ways.add_parser(name, help=help_text, description=str(module.__doc__).partition("\n\n")[0])
        module.add_arguments(way)
        way.add_argument("out", type=Path, help="the folder of the store; an older one is replaced")
        way.set_defaults(run=module.run)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, fill, report; 2 where the input is wrong."""
    parsed = parser().parse_args(arguments)
    started = time.monotonic()
    try:
        store = parsed.run(parsed, _say)
    except VQABuilderError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    found = f"{len(store):,} images" if store else "shards of other workers are still to come"
    _say(f"{parsed.out}: {found}, after {time.monotonic() - started:.1f} s")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
