"""certificate.json: how many kept rows of a release are wrong at most, by people who judged some of them.

The file holds enough to compute the bound again. Card and manifest state it; ``verify`` compares all three
with each other and with the rows.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np

from vqa_builder import named_files
from vqa_builder.errors import ReleaseError
from vqa_builder.pictures import COLUMNS
from vqa_builder.quality.confidence import betting_bounds
from vqa_builder.release import card, manifest, record_view
from vqa_builder.release.manifest import Manifest
from vqa_builder.release.parquet import FOLDERS, config_of, open_table
from vqa_builder.release.write import CARD_TEXT_FILE
from vqa_builder.store import atomic_folder, write_json, write_text
from vqa_builder.strict_json import decode

FILE = "certificate.json"
VERSION = "2"
MOST_DRAWS = 20_000
_STATED = (
    "high",
    "low",
    "estimate",
    "confidence",
    "rows",
    "draws",
    "judgements",
    "judges",
    "judged_by",
    "flaw_is_wrong",
)

_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Count = Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True)
class Certificate:
    """What may be said of a release, and what it follows from.

    Attributes:
        release, language: of what.
        rows: how many rows the release keeps.
        high, low, estimate: the share of wrong rows: at most, at least, and as drawn.
        confidence: of each bound.
        draws, judgements: how many draws were judged, and by how many judgements.
        judges: how many judged.
        alpha: Krippendorff's alpha between judges; None where no row has two judgements.
        seed: of the draws.
        wrong: of each draw that was judged wrong, its place among the draws and its weight.
        largest: the largest weight that a draw can have.
        judged_by: who judged, in words; "" where nobody said so.
        flaw_is_wrong: whether rows with a flaw count as wrong.
        tables: the tables of kept rows that were judged -> content hash.
        version: of the procedure.
    """

    release: str
    language: str
    rows: _Count
    high: _Share
    low: _Share
    estimate: float
    confidence: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    draws: Annotated[int, msgspec.Meta(ge=0, le=MOST_DRAWS)]
    judgements: _Count
    judges: _Count
    alpha: float | None
    seed: int
    wrong: tuple[tuple[_Count, float], ...]
    largest: Annotated[float, msgspec.Meta(ge=1)]
    judged_by: str = ""
    flaw_is_wrong: bool = False
    tables: Mapping[str, str] = field(default_factory=dict)
    version: str = VERSION

    @property
    def claim(self) -> str:
        """The certificate in a sentence."""
        return (
            f"at most {card.at_most(self.high)} % of the {self.rows:,} kept rows are wrong "
            f"({100 * self.confidence:g} % confidence, {self.judgements:,} judgements)"
        )

    def to_json(self) -> dict[str, Any]:
        """All of it, with the claim."""
        return {**asdict(self), "claim": self.claim}

    def stated(self) -> dict[str, Any]:
        """The part that a manifest states."""
        return {name: getattr(self, name) for name in _STATED}


def kept_tables(found: Manifest) -> dict[str, str]:
    """The tables of kept rows -> content hash, which a certificate is for."""
    return {key: facts["content_hash"] for key, facts in found.tables.items() if config_of(key) == "default"}


def record(release: Path, certificate: Certificate) -> Path:
    """Put a certificate into a release: its file, a sentence on the card, an entry in the manifest.

    The folder changes as a whole or not at all; an older certificate is replaced.

    Args:
        release: a folder that a build wrote.
        certificate: of the rows that it keeps.

    Returns:
        The certificate's file.

    Raises:
        ReleaseError: the release is not what its manifest says, nothing was judged, or something else was.
    """
    release = release.resolve()
    found = manifest.load_manifest(release)
    if not found.is_untouched or manifest.list_files(release) != found.files:
        raise ReleaseError(
            "The release is not what its manifest says",
            where=release,
            remedy="vqa-builder verify names what differs; build it again",
        )
    if faults := _claim_faults(certificate, found):
        raise ReleaseError(
            "The certificate does not hold for the release",
            where=release,
            found="; ".join(faults),
            remedy="judge the rows that vqa-builder review certify draws from this release",
        )
    described = {**found.content, "certificate": certificate.stated()}
    with atomic_folder(release) as folder:
        for name in found.files.keys() - {FILE, card.FILE}:
            _link(release / name, folder / name)
        write_json(folder / FILE, certificate.to_json())
        write_text(folder / card.FILE, _card(release, found, described))
        manifest.save(folder, described)
    return release / FILE


def certificate_faults(folder: Path, found: Manifest) -> list[str]:
    """Where file, manifest, card and rows of a release disagree, or the bound does not follow.

    Args:
        folder: the release.
        found: its manifest.
    """
    stated, path = found.content.get("certificate"), folder / FILE
    if not stated or not path.is_file():
        return [f"{FILE}: expected the manifest and the folder to hold it, found it in one of them"]
    try:
        certificate = decode(named_files.read_bytes(path, "certificate", ReleaseError), Certificate)
    except msgspec.DecodeError as error:
        return [f"{FILE}: {error}"]
    faults = [f"{FILE}: {fault}" for fault in _claim_faults(certificate, found)]
    if certificate.stated() != stated:
        faults.append(f"{FILE}: the manifest states {stated}, the file {certificate.stated()}")
    if card.certified(certificate.stated()) not in (folder / card.FILE).read_text(encoding="utf-8"):
        faults.append(f"{card.FILE}: expected the sentence: {card.certified(certificate.stated())}")
    return faults


def _claim_faults(certificate: Certificate, found: Manifest) -> list[str]:
    """What speaks against a claim: other rows, or other bounds than its judgements give."""
    kept = sum(found.counts["kept"].values())
    expected = {
        "tables": kept_tables(found),
        "rows": kept,
        "language": found.language,
        "release": found.name,
        "version": VERSION,
    }
    faults = [
        f"{name} expected {value}, found {getattr(certificate, name)}"
        for name, value in expected.items()
        if getattr(certificate, name) != value
    ]
    if not certificate.draws or not certificate.judgements or not certificate.judges:
        return [*faults, "nothing was judged"]
    values = np.zeros(certificate.draws)
    for place, weight in certificate.wrong:
        if place >= certificate.draws or not 0 < weight <= certificate.largest or values[place]:
            return [*faults, f"wrong: no draw of this kind: {place}, weight {weight:g}"]
        values[place] = weight
    bounds = betting_bounds(values, certificate.confidence, certificate.largest)
    for name, bound in (("high", min(bounds.high, 1.0)), ("low", bounds.low), ("estimate", bounds.estimate)):
        if not math.isclose(getattr(certificate, name), bound, rel_tol=1e-9, abs_tol=1e-12):
            faults.append(
                f"{name} expected {bound:g} from the judgements, found {getattr(certificate, name):g}"
            )
    return faults


def _card(release: Path, found: Manifest, described: Mapping[str, Any]) -> str:
    """The card anew, as the build rendered it from the same tables.

    Raises:
        ReleaseError: the manifest lacks a number or a name that a card states.
    """
    import jinja2

    text = release / CARD_TEXT_FILE
    found_schemas = {config_of(key): open_table(release, key).schema for key in found.tables}
    schemas = {config: found_schemas[config] for config in FOLDERS if config in found_schemas}
    first = next(key for key in found.tables if config_of(key) == "default")
    shown = [name for name in schemas["default"].names if name not in COLUMNS]
    sample = (
        record_view.sample(release, described, first, card.SAMPLE_ROWS)
        if record_view.is_records(described)
        else card.shown_rows(open_table(release, first), columns=shown)
    )
    try:
        return card.render(
            described, schemas, sample, text.read_text(encoding="utf-8") if text.is_file() else None
        )
    except (KeyError, jinja2.UndefinedError) as error:
        raise ReleaseError(
            "The manifest lacks what a card states", where=release / manifest.FILE, found=error
        ) from None


def _link(source: Path, target: Path) -> None:
    """The same file under another name: without a copy, where the file system can."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copy2(source, target)
