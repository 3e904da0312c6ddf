"""People and their labels: review export, review import, and calibrate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vqa_builder.commands.options import Images, Json, Languages, SpecPath, print_json, say
from vqa_builder.errors import ReleaseError, StorageError

if TYPE_CHECKING:
    from vqa_builder.review.calibration import Calibration, Form, Target
    from vqa_builder.review.labels import Matched
    from vqa_builder.review.sheet_import import Imported, Known
    from vqa_builder.spec import Spec

Releases = Annotated[Path, typer.Option("--releases", help="The folder that --out was for the build.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")]


def export(
    source: Annotated[
        Path, typer.Argument(metavar="RELEASE|BUILD.YAML", help="A release's folder, or the spec of a build.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The sheet: CSV for any spreadsheet.")],
    rows: Annotated[int, typer.Option("--rows", min=1, help="Questions to draw in each language.")] = 300,
    html: Annotated[
        Path | None, typer.Option("--html", help="The same sheet as a page to judge from the keyboard.")
    ] = None,
    releases: Releases = Path(),
    language: Languages = None,
    seed: Seed = 0,
    images: Images = None,
) -> None:
    """Draw questions across all bands of all scores, kept and rejected, for people to judge and correct."""
    from vqa_builder.review import sheet, sheet_csv
    from vqa_builder.store import write_text

    folders = _folders(source, releases, language)
    found = [sheet.questions_of(folder, pictures=html is not None, images=images) for folder in folders]
    drawn = sheet.together([sheet.sample(one, rows, seed) for one in found])
    sheet_csv.write(out, drawn.columns, drawn.rows)
    say(f"{out}: {len(drawn.rows):,} of {drawn.questions:,} distinct questions")
    if html:
        write_text(html, sheet.html_page(drawn, ", ".join(one.name for one in found)))
        say(html)


def import_(
    sheets: Annotated[list[Path], typer.Argument(metavar="SHEET", help="Sheets that people filled in.")],
    build: Annotated[
        Path | None, typer.Option("--build", metavar="BUILD.YAML", help="The build that they belong to.")
    ] = None,
    releases: Releases = Path(),
    memory: Annotated[
        Path | None, typer.Option("--memory", help="The memory's file, where no build is named.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Of rows that do not say theirs.")
    ] = None,
    reviewer: Annotated[
        str | None, typer.Option("--reviewer", help="Of rows that do not say theirs; else the sheet's name.")
    ] = None,
    prefer: Annotated[
        str | None, typer.Option("--prefer", help="The reviewer whose correction counts where others differ.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take corrections into the memory, where they win over engines, and labels into a file beside it."""
    from vqa_builder.review import sheet_csv, sheet_import
    from vqa_builder.translation.memory import TranslationMemory

    if (build is None) == (memory is None):
        raise typer.BadParameter("name the build, or a memory", param_hint="--build")
    lines = {sheet: sheet_csv.read(sheet) for sheet in sheets}
    spec, path = _memory(build, memory, releases)
    with TranslationMemory(path) as opened:
        codes = {line["language"] or language for some in lines.values() for line in some}
        if spec:
            known = _known_to_build(spec, releases)
        else:
            known = {code: sheet_import.known_in(opened, code) for code in sorted(filter(None, codes))}
        said = []
        for sheet, some in lines.items():
            said += sheet_import.said_in(some, known, language=language, reviewer=reviewer or sheet.stem)
        found = sheet_import.take(said, opened, sheet_import.labels_path(path), prefer=prefer)
    _print_imported(found, path, as_json)
    if found.conflicts:
        raise typer.Exit(1)


def certify(
    release: Annotated[Path, typer.Argument(metavar="RELEASE", help="A release's folder.")],
    sheets: Annotated[
        list[Path] | None, typer.Option("--labels", help="Sheets that judges filled in; may be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The sheet of rows to judge next.")] = Path(
        "certify.csv"
    ),
    certificate: Annotated[
        Path, typer.Option("--certificate", help="Where what may be claimed is written, as JSON.")
    ] = Path("certificate.json"),
    rows: Annotated[int, typer.Option("--rows", min=1, help="Questions to judge next.")] = 50,
    target: Annotated[float | None, typer.Option(help="Enough: at most this share of rows is wrong.")] = None,
    confidence: Annotated[float, typer.Option(help="Of what is claimed.")] = 0.95,
    flaw: Annotated[str, typer.Option(metavar="good|wrong", help="What a flaw counts as.")] = "good",
    judged_by: Annotated[
        str, typer.Option("--judged-by", help="Who judged, in words for the card: 'native speakers'.")
    ] = "",
    into_release: Annotated[
        bool, typer.Option("--into-release", help="State it in the release: file, card and manifest.")
    ] = False,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """State how many kept rows are wrong at most, from few judgements; stop and go on whenever you like."""
    from vqa_builder.release.certificate import record
    from vqa_builder.review import certification, sheet, sheet_csv, sheet_import
    from vqa_builder.store import write_json

    for name, share in (("--target", target), ("--confidence", confidence)):
        if share is not None and not 0 < share < 1:
            raise typer.BadParameter(f"{share:g} is no share between 0 and 1", param_hint=name)
    wrong = _one_of(flaw, "--flaw", "good", "wrong") == "wrong"
    questions = sheet.questions_of(release)
    known = {questions.language: sheet_import.known_questions(questions.rows, questions.are_records)}
    judged: list[tuple[str, str, str]] = []
    for file in sheets or ():
        said = sheet_import.said_in(sheet_csv.read(file), known, reviewer=file.stem)
        judged += [(one.segment_id, one.reviewer, one.label) for one in said]
    labels = certification.votes(judged, flaw_is_wrong=wrong)
    found = certification.certify(
        questions, labels, confidence=confidence, seed=seed, judged_by=judged_by, flaw_is_wrong=wrong
    )
    write_json(certificate, found.to_json())
    if into_release:
        record(release, found)
    done = target is not None and found.high <= target
    more = [] if done else certification.next_rows(questions, labels, rows, seed)
    if more:
        asked = sheet.of_rows(questions, more)
        sheet_csv.write(out, asked.columns, asked.rows)
    if as_json:
        print_json({**found.to_json(), "done": done or not more, "next": len(more)})
        return
    say(f"{found.release}: {found.claim}" if found.draws else f"{found.release}: nothing is judged yet")
    if found.alpha is not None:
        say(f"agreement of {found.judges} judges: Krippendorff's alpha {found.alpha:.2f}")
    say(f"{out}: {len(more):,} questions to judge next" if more else f"{certificate}: done")


def calibrate(
    spec: SpecPath,
    labels: Annotated[
        list[Path] | None,
        typer.Option("--labels", help="A sheet or a file of labels; default: what review import kept."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The policy file.")] = Path("policy.yaml"),
    target_precision: Annotated[
        float | None, typer.Option(help="The share of good rows among the kept ones; 0.95 if not given.")
    ] = None,
    keep: Annotated[float | None, typer.Option(help="Instead: the share of rows to keep.")] = None,
    form: Annotated[
        str,
        typer.Option(metavar="combination|thresholds", help="One regression, or a bound for each score."),
    ] = "combination",
    score: Annotated[
        list[str] | None, typer.Option("--score", help="Only this score; may be repeated.")
    ] = None,
    flaw: Annotated[str, typer.Option(metavar="keep|reject", help="What to do with flaws.")] = "keep",
    releases: Releases = Path(),
    language: Languages = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Fit the policy to people's labels, show what it is worth on rows it has not seen, and write it."""
    from vqa_builder import load_spec
    from vqa_builder.quality.policy_config import policy_for
    from vqa_builder.review import calibration, sheet_import
    from vqa_builder.steps.build_context import check_trust
    from vqa_builder.store import file_hash, write_text

    target = _target(target_precision, keep)
    loaded = load_spec(spec)
    check_trust(loaded)
    files = labels or [sheet_import.labels_path(_memory(spec, None, releases)[1])]
    flaw_is_good = _one_of(flaw, "--flaw", "keep", "reject") == "keep"
    matched = _matched(loaded, files, releases, language, flaw_is_good=flaw_is_good)
    made = [
        calibration.calibrate(
            one.labelled,
            one.scores,
            policy_for(code, loaded.policy, one.scores.column_names),
            code,
            target=target,
            form=_form(form),
            scores=score,
            seed=seed,
        )
        for code, one in matched.items()
    ]
    hashes = {file.name: file_hash(file) for file in files}
    write_text(out, calibration.policy_file(made, _others(loaded, matched), hashes, seed))
    if as_json:
        print_json({"policy": str(out), "languages": [one.to_json() for one in made]})
    else:
        _print_calibrated(made, matched, out)


def _folders(source: Path, releases: Path, chosen: list[str] | None) -> list[Path]:
    """The releases that a folder or a spec means."""
    from vqa_builder import load_spec
    from vqa_builder.steps.build_context import check_trust, chosen_languages

    if source.is_dir():
        if chosen:
            raise typer.BadParameter("a release has one language", param_hint="--language")
        return [source]
    spec = load_spec(source)
    check_trust(spec)
    return [releases / spec.release_name(code) for code in chosen_languages(spec, chosen)]


def _matched(
    spec: Spec, files: list[Path], releases: Path, chosen: list[str] | None, *, flaw_is_good: bool
) -> dict[str, Matched]:
    """The labels of some files beside the scores of the questions that they judge, by language."""
    from vqa_builder.review import labels, sheet, sheet_csv
    from vqa_builder.steps.build_context import chosen_languages

    lines = [line for file in files for line in sheet_csv.read(file)]
    folders = {code: releases / spec.release_name(code) for code in chosen_languages(spec, chosen)}
    found = {code: sheet.questions_of(folder) for code, folder in folders.items() if folder.exists()}
    if not found:
        raise ReleaseError("There is no release", where=releases, remedy="build first, or name --releases")
    only = [line for line in lines if not chosen or line["language"] in ("", *chosen)]
    return labels.matched(only, found, flaw_is_good=flaw_is_good)


def _memory(build: Path | None, memory: Path | None, releases: Path) -> tuple[Spec | None, Path]:
    """The spec, if one is named, and its memory or the one that is named instead; it must be there."""
    from vqa_builder import load_spec
    from vqa_builder.steps.build_context import check_trust, memory_path

    spec = load_spec(build) if build else None
    if spec:
        check_trust(spec)
        memory = memory_path(spec, releases)
    if memory is None or not memory.exists():
        raise StorageError(
            "There is no translation memory here",
            where=memory,
            remedy="name its file with --memory, or the folder of the build with --releases",
        )
    return spec, memory


def _known_to_build(spec: Spec, releases: Path) -> dict[str, Known]:
    """The questions of all releases of a build that are there."""
    from vqa_builder.review import sheet, sheet_import

    folders = {code: releases / spec.release_name(code) for code in spec.languages}
    asked = {code: sheet.questions_of(folder) for code, folder in folders.items() if folder.exists()}
    return {code: sheet_import.known_questions(one.rows, one.are_records) for code, one in asked.items()}


def _print_imported(found: Imported, memory: Path, as_json: bool) -> None:
    if as_json:
        print_json({**vars(found), "labels_file": str(found.labels_file), "memory": str(memory)})
        return
    labels = ", ".join(f"{count:,} {label}" for label, count in sorted(found.labels.items())) or "none"
    say(f"{memory}: corrections: {found.new:,} new, {found.changed:,} changed, {found.same:,} known already")
    say(f"{found.labels_file}: labels: {labels}")
    for line in found.warnings:
        say(f"looks wrong, taken all the same: {line}")
    for line in found.conflicts:
        say(f"conflict: {line}")


def _print_calibrated(made: Sequence[Calibration], matched: Mapping[str, Matched], out: Path) -> None:
    from vqa_builder.review import calibration

    for one in made:
        for line in calibration.lines(one):
            say(line)
        if matched[one.language].changed:
            say(f"{matched[one.language].changed:,} labels left out: the translation has changed since")
    say(out)


def _target(precision: float | None, keep: float | None) -> Target:
    from vqa_builder.review.calibration import Target

    if precision is not None and keep is not None:
        raise typer.BadParameter("give one of --target-precision and --keep", param_hint="--keep")
    for name, share in (("--target-precision", precision), ("--keep", keep)):
        if share is not None and not 0 < share <= 1:
            raise typer.BadParameter(f"{share:g} is no share above 0 and up to 1", param_hint=name)
    return Target(None, keep) if keep is not None else Target(precision or 0.95)


def _form(form: str) -> Form:
    return (
        "thresholds"
        if _one_of(form, "--form", "combination", "thresholds") == "thresholds"
        else "combination"
    )


def _one_of(value: str, option: str, *known: str) -> str:
    if value not in known:
        raise typer.BadParameter(f"{value!r} is neither {' nor '.join(known)}", param_hint=option)
    return value


def _others(spec: Spec, matched: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for the languages that nobody labelled: what held before."""
    from vqa_builder.quality.policy_config import DEFAULT, configured_for

    codes = [code for code in spec.languages if code not in matched]
    return {code: configured_for(code, spec.policy) or DEFAULT for code in codes}
