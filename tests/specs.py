"""The shortest build.yaml, for tests that change it."""

from pathlib import Path

from vqa_builder.spec import Spec
from vqa_builder.spec_file import parse_spec

SHORTEST = """\
name: vqa
languages: [ja, hi]
source:
  type: vqa_json
  splits:
    train: {questions: q.json, annotations: a.json}
"""


def parse(text: str) -> Spec:
    """The spec of a build.yaml that says so."""
    return parse_spec(text, Path("here/build.yaml"))
