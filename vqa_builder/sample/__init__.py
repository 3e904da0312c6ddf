"""The embedded sample: drawn pictures with questions and answers in the official VQA v2 format."""

from __future__ import annotations

from pathlib import Path


def sample_folder() -> Path:
    """The folder that holds the images and the JSON files of the sample."""
    return Path(__file__).resolve().parent
