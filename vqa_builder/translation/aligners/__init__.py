"""Word aligners, one file each, found by ``registry.find("aligners", name)``."""

from vqa_builder.translation.aligners._words import words
from vqa_builder.translation.aligners.base import align_questions

__all__ = ["align_questions", "words"]
