"""How each step of the pipeline is made and what its table depends on.

A ``Build`` opens the store and the translation memory and holds the plug-ins that the spec names. Each of its
methods declares one step: the inputs and parameters that make its key, and the function that makes its table.

The methods are spread over one file per stage, each a class that extends the one before it:
``workshop`` (what all steps work with), ``reading``, ``translating``, ``judging``, ``answering``,
``releasing`` and ``planning``, which ends in ``Build``.
"""

from vqa_builder.steps.judging import Candidate
from vqa_builder.steps.planning import Build, Plan, PlannedStrings
from vqa_builder.steps.releasing import BuiltRelease
from vqa_builder.steps.workshop import SOURCE_LANGUAGE, WORK_FOLDER, OnBadRecord

__all__ = [
    "SOURCE_LANGUAGE",
    "WORK_FOLDER",
    "Build",
    "BuiltRelease",
    "Candidate",
    "OnBadRecord",
    "Plan",
    "PlannedStrings",
]
