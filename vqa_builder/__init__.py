"""Turn English visual question answering data into verified releases in other languages.

The functions are those of the command line: ``load_spec``, ``build``, ``plan``, ``validate``, ``verify``;
``vqa_accuracy`` is that of ``evaluate``. They are imported when first used, so that ``import vqa_builder``
costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from vqa_builder.version import __version__

_HOMES = {
    "build": "vqa_builder.pipeline",
    "diff": "vqa_builder.release.diff.compare",
    "load_spec": "vqa_builder.spec_file",
    "open_release": "vqa_builder.release.opening",
    "plan": "vqa_builder.pipeline",
    "publish": "vqa_builder.release.hub.publish",
    "reproduce": "vqa_builder.reproduction",
    "review_sheet": "vqa_builder.review.sheet",
    "validate": "vqa_builder.pipeline",
    "verify": "vqa_builder.release.verify",
    "vqa_accuracy": "vqa_builder.metrics.vqa_accuracy",
}
__all__ = [
    "__version__",
    "build",
    "diff",
    "load_spec",
    "open_release",
    "plan",
    "publish",
    "reproduce",
    "review_sheet",
    "validate",
    "verify",
    "vqa_accuracy",
]

if TYPE_CHECKING:
    from vqa_builder.metrics.vqa_accuracy import vqa_accuracy
    from vqa_builder.pipeline import build, plan, validate
    from vqa_builder.release.diff.compare import diff
    from vqa_builder.release.hub.publish import publish
    from vqa_builder.release.opening import open_release
    from vqa_builder.release.verify import verify
    from vqa_builder.reproduction import reproduce
    from vqa_builder.review.sheet import review_sheet
    from vqa_builder.spec_file import load_spec


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
