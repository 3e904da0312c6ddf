"""``python -m vqa_builder`` is ``vqa-builder``."""

from vqa_builder.cli import main

main()
