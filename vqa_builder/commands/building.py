"""From a spec to releases: demo, init, validate, plan, build and merge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vqa_builder.commands.options import (
    Allow,
    BadRecords,
    ExecutorName,
    Json,
    Languages,
    Limit,
    Out,
    SpecPath,
    Workers,
    print_json,
    say,
)
from vqa_builder.errors import StorageError

if TYPE_CHECKING:
    from vqa_builder.spec import Spec
    from vqa_builder.steps.build_context import OnBadRecord
    from vqa_builder.steps.preview import Plan
    from vqa_builder.steps.releasing import BuiltRelease


def demo(out: Out = Path(), workers: Workers = None) -> None:
    """Build Japanese and Hindi releases from the embedded sample, in the current folder."""
    from vqa_builder import load_spec, progress
    from vqa_builder.sample import sample_folder

    spec = load_spec(sample_folder() / "build.yaml")
    _build(spec, out, {"workers": workers, "progress": progress.for_terminal()})


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write it.")] = Path(),
) -> None:
    """Write a commented build.yaml."""
    from importlib import resources

    from vqa_builder.store import write_text

    path = folder / "build.yaml"
    if path.exists():
        raise StorageError(
            "There is a spec already", where=path, remedy="choose another folder, or remove it"
        )
    write_text(
        path, resources.files("vqa_builder").joinpath("build_template.yaml").read_text(encoding="utf-8")
    )
    say(path)


def validate(
    spec: SpecPath,
    language: Languages = None,
    allow: Allow = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read all of the inputs, however large they are.")
    ] = False,
) -> None:
    """Check all that can be known without work: keys, files, records, engines, scorers, policy, disk."""
    from vqa_builder import load_spec, validate

    for line in validate(load_spec(spec), language, allow=allow or (), full=full):
        say(line)
    say("valid")


def plan(
    spec: SpecPath,
    out: Out = Path(),
    language: Languages = None,
    limit: Limit = None,
    on_bad_record: BadRecords = "error",
    allow: Allow = None,
    as_json: Json = False,
) -> None:
    """Count rows, strings, characters, tokens and money, and what the memory holds; translate nothing."""
    from vqa_builder import load_spec, plan, progress

    planned = plan(
        load_spec(spec),
        out,
        languages=language,
        limit=limit,
        on_bad_record=_choice(on_bad_record),
        progress=progress.for_terminal(),
        allow=allow or (),
    )
    if as_json:
        tables = {name: [entry._asdict() for entry in getattr(planned, name)] for name in ("strings", "work")}
        print_json({**planned._asdict(), **tables})
    else:
        _print_plan(planned)


def build(
    spec: Annotated[Path | None, typer.Argument(metavar="BUILD.YAML", help="The spec.")] = None,
    out: Out = Path(),
    language: Languages = None,
    limit: Limit = None,
    on_bad_record: BadRecords = "error",
    workers: Workers = None,
    executor: ExecutorName = "local",
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", help="Only translate part I of N, into a memory of its own; then `merge`."
        ),
    ] = None,
    from_manifest: Annotated[
        Path | None,
        typer.Option("--from-manifest", help="Reproduce the release of this manifest.json, and compare."),
    ] = None,
    inputs: Annotated[
        Path | None, typer.Option("--inputs", help="Folder of the inputs that the manifest records.")
    ] = None,
    allow: Allow = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Let a release take the place of one with more rows.")
    ] = False,
) -> None:
    """Build a verified release for every language of the spec; what is done already is not done again.

    With --from-manifest, a spec is not built: what it says, the manifest may say, too.
    """
    from vqa_builder import load_spec, progress

    shown, own = progress.for_terminal(), load_spec(spec) if spec else None
    if from_manifest:
        _refuse_beside("--from-manifest", language, limit, shard)
        _reproduce(
            from_manifest, out, inputs=inputs, workers=workers, progress=shown, allow=allow or (), own=own
        )
        return
    if own is None:
        raise typer.BadParameter("give a spec, or --from-manifest", param_hint="BUILD.YAML")
    options: dict[str, Any] = {
        "languages": language,
        "limit": limit,
        "on_bad_record": _choice(on_bad_record),
        "workers": workers,
        "executor": executor,
        "progress": shown,
        "allow": allow or (),
    }
    if shard:
        _build_shard(own, out, shard, options)
    else:
        _build(own, out, {**options, "overwrite": overwrite})


def merge(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="OUT...", help="What --out was for --shard; the first one gets everything."),
    ],
    memory: Annotated[
        Path | None, typer.Option("--memory", help="Another memory to merge into: the spec's `memory:`.")
    ] = None,
) -> None:
    """Take the memories and scores of all shards into one; the build after it does nothing twice."""
    from vqa_builder import shards
    from vqa_builder.steps.build_context import MEMORY_FILE, WORK_FOLDER

    into = memory or folders[0] / WORK_FOLDER / MEMORY_FILE
    scores = folders[0] / WORK_FOLDER / shards.SCORES
    for line in shards.merge(folders, into, scores).lines():
        say(line)


def _build(spec: Spec, out: Path, options: dict[str, Any]) -> None:
    from vqa_builder import build

    releases = build(spec, out, **options)
    for release in releases:
        _print_release(release)
    if any(release.verification and not release.verification.ok for release in releases):
        raise typer.Exit(1)


def _build_shard(spec: Spec, out: Path, part: str, options: dict[str, Any]) -> None:
    from vqa_builder import shards

    shard = shards.parse_shard(part)
    for done in shards.build_shard(spec, out, shard, **options):
        work = done.work
        say(f"{shard.folder(out)}  {done.language}: {done.strings:,} of {done.of:,} strings, ", end="")
        say(f"{work.remembered:,} remembered, {work.translated:,} translated now, {work.failed:,} failed")


def _reproduce(original: Path, out: Path, **options: Any) -> None:
    from vqa_builder import reproduce

    done = reproduce(original, out, **options)
    say(done)
    if not done.ok:
        raise typer.Exit(1)


def _refuse_beside(option: str, *given: object) -> None:
    if any(given):
        raise typer.BadParameter(
            "the manifest says what to build; give no language, limit or shard", param_hint=option
        )


def _print_release(release: BuiltRelease) -> None:
    counts = release.manifest.counts
    kept, rejected = sum(counts["kept"].values()), sum(counts["rejected"].values())
    state = "written" if release.changed else "unchanged"
    say(f"{release.folder}  {state}: {kept:,} rows kept, {rejected:,} rejected, {kept + rejected:,} in all")
    for reason, rows in counts["reasons"].items():
        say(f"  {rows:>9,} rejected for {reason}")
    for line in _label_lines(release):
        say(line)
    work = release.work
    say(
        f"  {work.unique:,} unique strings to and fro: {work.remembered:,} remembered, "
        f"{work.in_phrasebook:,} in the phrasebook, {work.translated:,} translated now, "
        f"{work.failed:,} failed"
    )
    if release.verification is None:
        return
    for check in release.verification.checks:
        if check.mark != "ok":
            say(f"  {check.mark}  {check.name}: {check.detail}")
    if release.verification.ok:
        say(f"  verified: {len(release.verification.checks)} checks passed")
    say(f"  look at it: {release.folder / 'report.html'}")


def _label_lines(release: BuiltRelease) -> list[str]:
    """How many labels there are and what they cover; a warning where there are none."""
    answers = release.manifest.counts.get("answers")
    if answers is None:  # a release of records
        return []
    splits = answers["coverage"]["split"].values()
    rows, covered = (sum(split[name] for split in splits) for name in ("rows", "inside"))
    labels = answers.get("labels")
    if labels is None:  # a release of an earlier version
        return []
    if not rows:
        return ["  no labels: no question of the source has an answer"]
    formless = answers.get("formless") or {}
    nothing = f"; nothing is left of {sum(formless.values()):,} answers by the official normaliser" * bool(
        formless
    )
    if labels:
        covering = f"they cover the answers of {covered / rows:.1%} of {rows:,} questions"
        return [f"  {labels:,} labels; {covering}{nothing}"]
    least = release.manifest.content["spec"]["answers"]["vocabulary"].get("min_count")
    why = f"no answer wins {least} questions" if least else "no answer is in the vocabulary"
    remedy = "lower answers.vocabulary.min_count, or name a file of answers with answers.vocabulary.from"
    return [f"  warning: no labels: {why}; {remedy}"]


def _print_plan(plan: Plan) -> None:
    rows = ", ".join(f"{split} {count:,}" for split, count in plan.rows.items())
    say(f"rows: {rows}; bad records: {plan.bad_records:,}", *plan.source)
    for engine in plan.engines:
        say(f"engine: {engine}")
    say(f"{'language':<10}{'role':<10}{'rows':>12}{'strings':>12}", end="")
    say(f"{'characters':>14}{'known':>12}{'to pay':>12}")
    for entry in plan.strings:
        say(
            f"{entry.language:<10}{entry.role:<10}{entry.rows:>12,}{entry.strings:>12,}"
            f"{entry.characters:>14,}{entry.known:>12,}{entry.strings - entry.known:>12,}"
        )
    for engine in dict.fromkeys(work.engine for work in plan.work):
        say(f"to send, tokens estimated: {engine}")
        for work in (each for each in plan.work if each.engine == engine):
            bound = "at most" if work.at_most else ""
            say(f"  {work.direction}  {work.role or 'sentence':<9} {work.step:<15}", end="")
            say(f"{bound:<8}{work.strings:>10,} strings", end="")
            say(f"{work.characters:>14,} characters", end="")
            say(f"{work.input_tokens:>14,} + {work.output_tokens:,} tokens", end="")
            say("" if work.money is None else f"  {work.money:,.2f} {work.currency}")
    for currency in sorted({work.currency for work in plan.work if work.currency}):
        total = sum(work.money or 0 for work in plan.work if work.currency == currency)
        say(f"at most, in all: {total:,.2f} {currency}")
    if plan.spent_characters:
        money = f", {plan.spent_money:,.2f} {plan.currency}" if plan.currency else ""
        say(f"spent here so far: {plan.spent_characters:,} characters{money}")


def _choice(on_bad_record: str) -> OnBadRecord:
    if on_bad_record == "error":
        return "error"
    if on_bad_record == "skip":
        return "skip"
    raise typer.BadParameter(f"{on_bad_record!r} is neither error nor skip", param_hint="--on-bad-record")
