"""README.md of a release: YAML that the hub and ``load_dataset`` read, and a page for people.

Every number comes from the manifest, so the card says what the builder counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from vqa_builder.batches import Batches
from vqa_builder.errors import StorageError
from vqa_builder.escaping import fence, markdown, markdown_code, markdown_link
from vqa_builder.pictures import picture_columns
from vqa_builder.quality.rules import MISSING, ROUND_TRIP
from vqa_builder.release.card_warnings import card_warnings, share
from vqa_builder.release.contents import ReleaseContents, type_name
from vqa_builder.release.metadata import citation, front_matter, pretty_name
from vqa_builder.release.parquet import FOLDERS, config_of
from vqa_builder.release.record_view import is_records

FILE = "README.md"
TEMPLATE = "dataset_card.md.j2"
SAMPLE_ROWS = 5
COLUMNS = {
    "question_id": "the source's id, in the source's type",
    "image_id": "the source's id of the image, in the source's type",
    "image": "the image, or the file name or address of it at the source",
    "images": "the images, or the file names or addresses of them at the source",
    "language": "ISO 639 code of the language of `question` and the answers",
    "question": "the question, translated",
    "question_en": "the question as the source has it",
    "question_back": "the translation, translated back into English by machine",
    "question_type": "the first words of the English question, where the source gives them",
    "answer_type": "`yes/no`, `number` or `other`, where the source gives it",
    "multiple_choice_answer": "the answer that most people gave, counted among the translated answers",
    "multiple_choice_answer_en": "the answer that most people gave in English",
    "multiple_choice_answer_method": "how `multiple_choice_answer` came about, as in `answers.method`",
    "answers": "every annotator's answer, translated and in English, and its method: `table`, `glossary`, "
    "`memory`, `engine`, `copied` (text in the picture, behind a colon why) or `untranslated`; null where "
    "the source has none",
    "labels": "ids of the answers in the vocabulary, the same as for English; see the config `answers`",
    "soft_scores": "the VQA score of each label among the English answers, in the order of `labels`: the "
    "official leave-one-out average where at least four people answered, the share of them where fewer did",
    "alignment": "links between the words of `question_en` and `question`, as positions from 0 of what "
    "`vqa_builder.translation.aligners.words` returns; empty where unknown",
    "scores": "what each scorer measured on the question",
    "engine": "signature of the engine that translated the question",
    "reasons": "config `rejected` only: every rule of the policy that the row failed",
}
RECORD_COLUMNS = {
    "row_id": "the split, and the number of the row in it",
    "language": "ISO 639 code of the language of the translated texts",
    "scores": "what each scorer measured, the worst of the row's sentences",
    "engine": "signatures of all that translated a part of the row",
    "kept_english": "the texts that stay English: the rule that the translation failed, and the path",
    "reasons": "config `rejected` only: every rule of the policy that a text failed, and its path",
}


def render(
    manifest: Mapping[str, Any],
    schemas: Mapping[str, pa.Schema],
    sample: list[dict[str, Any]],
    text: str | None = None,
) -> str:
    """The whole card.

    Args:
        manifest: as ``manifest.describe`` makes it, its ``files`` listed.
        schemas: config -> schema of its tables; only configs that have rows.
        sample: kept rows to show.
        text: Markdown that the maintainers add.
    """
    counts, spec = manifest["counts"], manifest["spec"]
    policy = manifest.get("policy") or spec.get("policy") or {}
    page = environment().get_template(TEMPLATE)
    rendered: str = page.render(
        m=manifest,
        counts=counts,
        text=text,
        back_translated=counts.get("back_translated", 1) > 0,
        judged=_judged(counts, policy),
        front_matter=_yaml(front_matter(manifest, schemas)),
        title=pretty_name(manifest),
        address=manifest.get("repo") or manifest["name"],
        configs=list(schemas),
        columns=[
            (name, type_name(kind), meaning(manifest, name)) for name, kind in _columns(schemas).items()
        ],
        sample=sample,
        numbers={name: facts for name, facts in manifest["scores"].items() if "mean" in facts},
        values={name: facts for name, facts in manifest["scores"].items() if "values" in facts},
        citation=citation(manifest),
        embedded=any(picture_columns(found) for found in schemas.values()),
        warnings=card_warnings(manifest),
        certified=certified(manifest["certificate"]) if manifest.get("certificate") else None,
        policy=policy_rows(policy),
    )
    return rendered


def meaning(manifest: Mapping[str, Any], name: str) -> str:
    """What a column holds, in words."""
    if not is_records(manifest):
        return COLUMNS.get(name, name)
    if name in manifest["records"]["types"]:
        paths = [path for path in manifest["records"]["fields"] if re.split(r"[.\[]", path)[0] == name]
        return f"translated: {', '.join(map(markdown_code, paths))}" if paths else "as in the source"
    return RECORD_COLUMNS.get(name, "the column in front of it in English, as the source has it")


def policy_rows(policy: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Score column, its rule for questions and its rule for answers, in words.

    Args:
        policy: as the spec has it; the block ``answers`` replaces the rules that it names.

    >>> policy_rows({"chrf": {"min": 35}, "copy": "reject", "answers": {"chrf": {"min": 60}}})
    [('chrf', 'at least 35', 'at least 60'), ('copy', 'at most 0', 'at most 0')]
    """
    answers = policy.get("answers") or {}
    rules = {name: rule for name, rule in policy.items() if name not in ("answers", MISSING, ROUND_TRIP)}
    names = dict.fromkeys([*rules, *answers])
    return [(name, _rule(rules.get(name)), _rule(answers.get(name, rules.get(name)))) for name in names]


def _judged(counts: Mapping[str, Any], policy: Mapping[str, Any]) -> bool:
    """Whether a rule judged any row; older manifests do not count it, and judged by what they state."""
    return any(counts["judged"].values()) if "judged" in counts else bool(policy)


def at_most(share: float) -> str:
    """A share that is an upper bound, in per cent to one place, never rounded down.

    >>> at_most(0.0461), at_most(0.05)
    ('4.7', '5')
    """
    return f"{math.ceil(1000 * share - 1e-9) / 10:g}"


def certified(stated: Mapping[str, Any]) -> str:
    """A certificate in a sentence of Markdown; who judged is somebody's text, and escaped.

    Args:
        stated: as the manifest states it.

    >>> certified({"high": 0.0461, "rows": 5000, "confidence": 0.95, "judgements": 98, "judges": 2,
    ...           "judged_by": "native speakers", "flaw_is_wrong": False})
    'At most 4.7 % of the 5,000 kept rows are wrong (95 % confidence, from 98 judgements by 2 judges: \
native speakers; flaws do not count as wrong).'
    """
    judges = f"{stated['judges']:,} judge{'s' if stated['judges'] != 1 else ''}"
    who = f": {markdown(stated['judged_by'])}" if stated["judged_by"] else ""
    flaws = "count" if stated["flaw_is_wrong"] else "do not count"
    return (
        f"At most {at_most(stated['high'])} % of the {stated['rows']:,} kept rows are "
        f"wrong ({100 * stated['confidence']:g} % confidence, from {stated['judgements']:,} judgements by "
        f"{judges}{who}; flaws {flaws} as wrong)."
    )


def schemas(contents: ReleaseContents) -> dict[str, pa.Schema]:
    """The schema of each config that has rows, in the order of the card."""
    found = {config_of(key): table.schema for key, table in contents.tables.items()}
    return {config: found[config] for config in FOLDERS if config in found}


def sample(contents: ReleaseContents, rows: int = SAMPLE_ROWS) -> list[dict[str, Any]]:
    """Kept rows at even distances from the first split that has any."""
    table = next(table for key, table in contents.tables.items() if config_of(key) == "default")
    return shown_rows(table, rows)


def shown_rows(
    table: pa.Table | Batches, rows: int = SAMPLE_ROWS, columns: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Rows of one table at even distances, with these columns or all."""
    table = Batches.of(table)
    count = min(rows, table.num_rows)
    places = [place * table.num_rows // count for place in range(count)]
    return table.take(places, columns).to_pylist()  # type: ignore[no-any-return]


def templates() -> Path:
    """Where the card templates lie: in an installed package, or at the root of a checkout.

    Raises:
        StorageError: neither place has them.
    """
    here = Path(__file__).parents[1]
    for folder in (here / "cards", here.parent / "cards"):
        if (folder / TEMPLATE).exists():
            return folder
    raise StorageError("The card templates are not installed", where=here, remedy="reinstall vqa-builder")


@cache
def environment() -> Any:
    """Jinja for cards: ``cell``, ``code``, ``link`` and ``fence`` escape, other filters write numbers."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, escaped by the filters below
    )
    escapes = {"cell": markdown, "code": markdown_code, "link": markdown_link, "fence": fence}
    environment.filters.update(**escapes, number=_number, share=share, total=_total)
    return environment


def _yaml(value: object) -> str:
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100))


def _total(rows: Mapping[str, int]) -> int:
    return sum(rows.values())


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _rule(rule: Any) -> str:
    if rule == "reject":
        return "at most 0"
    if not isinstance(rule, Mapping):
        return "no rule"
    words = {"min": "at least", "max": "at most"}
    bounds = {side: bound for side, bound in rule.items() if side in words and bound is not None}
    told = ", ".join(f"{words[side]} {bound:g}" for side, bound in bounds.items())
    weights = [f"{weight:+g} {name}" for name, weight in (rule.get("weights") or {}).items()]
    return f"{told} ({' '.join(weights)})" if weights else told


def _columns(schemas: Mapping[str, pa.Schema]) -> dict[str, pa.DataType]:
    rows = [found for config, found in schemas.items() if config != "answers"]
    return {field.name: field.type for found in rows for field in found}
