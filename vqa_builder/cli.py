"""The command line: parse, call, print. Results go to stdout, everything else to stderr.

Heavy imports live inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from vqa_builder import __version__
from vqa_builder.errors import StorageError, VQABuilderError

if TYPE_CHECKING:
    from vqa_builder.steps import BuiltRelease, OnBadRecord, Plan

app = typer.Typer(
    name="vqa-builder",
    help="Turn English visual question answering data into verified releases in other languages.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
memory_app = typer.Typer(help="The translation memory: import, export, statistics.", no_args_is_help=True)
app.add_typer(memory_app, name="memory")

SpecPath = Annotated[Path, typer.Argument(metavar="BUILD.YAML", help="The spec.", show_default=False)]
Out = Annotated[
    Path, typer.Option("--out", help="Folder for the releases; work files go to its .vqa-builder.")
]
Languages = Annotated[
    list[str] | None,
    typer.Option("--language", "-l", help="Only this language of the spec; may be repeated."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="Only the first N questions of each split.")
]
BadRecords = Annotated[
    str,
    typer.Option(
        "--on-bad-record",
        metavar="error|skip",
        help="Stop at a bad record, or set bad records aside in bad_records.jsonl.",
    ),
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes for scoring; one per core.")]
ExecutorName = Annotated[
    str,
    typer.Option(
        "--executor",
        metavar="local|ray",
        help="Translate and score here, or on Ray: on this machine, or the cluster of RAY_ADDRESS.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
MemoryPath = Annotated[Path, typer.Option("--memory", help="The memory's file.")]
DEFAULT_MEMORY = Path(".vqa-builder/memory.sqlite")


def main() -> None:
    """Run the command line; no traceback reaches a user unless ``--debug`` is given."""
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    try:
        app()
    except VQABuilderError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except OSError as error:
        if debug:
            raise
        _fail(str(_storage_error(error)), StorageError.exit_code)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"vqa-builder {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    pass


@app.command()
def demo(out: Out = Path(), workers: Workers = None) -> None:
    """Build Japanese and Hindi releases from the embedded sample, in the current folder."""
    from vqa_builder import load_spec
    from vqa_builder.sample import sample_folder

    _build(load_spec(sample_folder() / "build.yaml"), out, workers=workers)


@app.command()
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
    print(path)


@app.command()
def validate(spec: SpecPath, language: Languages = None) -> None:
    """Check everything that can be known without work: keys, files, engines, scorers, policy."""
    from vqa_builder import load_spec, validate

    for line in validate(load_spec(spec), language):
        print(line)
    print("valid")


@app.command()
def plan(
    spec: SpecPath,
    out: Out = Path(),
    language: Languages = None,
    limit: Limit = None,
    on_bad_record: BadRecords = "error",
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
    )
    if as_json:
        tables = {name: [entry._asdict() for entry in getattr(planned, name)] for name in ("strings", "work")}
        _print_json({**planned._asdict(), **tables})
    else:
        _print_plan(planned)


@app.command()
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
        typer.Option("--from-manifest", help="Repeat the release of this manifest.json, and compare."),
    ] = None,
    inputs: Annotated[
        Path | None, typer.Option("--inputs", help="Folder of the inputs that the manifest records.")
    ] = None,
) -> None:
    """Build a verified release for every language of the spec; what is done already is not done again."""
    from vqa_builder import load_spec

    if from_manifest:
        _refuse_beside("--from-manifest", spec, language, limit)
        _repeat(from_manifest, out, inputs, workers)
        return
    if spec is None:
        raise typer.BadParameter("give a spec, or --from-manifest", param_hint="BUILD.YAML")
    if shard:
        _build_shard(
            load_spec(spec),
            out,
            shard,
            languages=language,
            limit=limit,
            on_bad_record=_choice(on_bad_record),
            workers=workers,
            executor=executor,
        )
        return
    _build(
        load_spec(spec),
        out,
        languages=language,
        limit=limit,
        on_bad_record=_choice(on_bad_record),
        workers=workers,
        executor=executor,
    )


@app.command()
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
    from vqa_builder.steps import WORK_FOLDER

    into = memory or folders[0] / WORK_FOLDER / shards.MEMORY
    scores = folders[0] / WORK_FOLDER / shards.SCORES
    for line in shards.merge(folders, into, scores).lines():
        print(line)


@app.command()
def verify(
    release: Annotated[Path, typer.Argument(help="The release's folder.")],
    reload: Annotated[bool, typer.Option(help="Load every config through datasets, too.")] = True,
    as_json: Json = False,
) -> None:
    """Prove a release: checksums, schema, counts, ids, labels, content hashes, reload by load_dataset."""
    from vqa_builder import verify

    report = verify(release, reload=reload)
    if as_json:
        _print_json(report.to_json())
    else:
        for check in report.checks:
            print(f"{check.mark:<4}  {check.name}: {check.detail}")
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A release's folder, or org/name@revision on the hub.")],
    new: Annotated[str, typer.Argument(help="Another one.")],
    as_json: Json = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page, too.")] = None,
    changelog: Annotated[
        Path | None, typer.Option("--changelog", help="Add an entry to this Markdown file.")
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 1 if anything differs.")] = False,
) -> None:
    """Compare two releases: rows, texts, verdicts, labels, scores, engines; propose the next version."""
    from vqa_builder.release import diff_pages
    from vqa_builder.release.diff import diff
    from vqa_builder.release.revisions import release_at
    from vqa_builder.store import write_text

    with release_at(old) as first, release_at(new) as second:
        found = diff(first, second)
    if html:
        write_text(html, diff_pages.html(found))
    if changelog and not found.is_empty:
        diff_pages.add_to_changelog(changelog, found)
    if as_json:
        _print_json(found.to_json())
    else:
        for line in diff_pages.text_lines(found):
            print(line)
    if exit_code and not found.is_empty:
        raise typer.Exit(1)


@app.command()
def publish(
    releases: Annotated[list[Path] | None, typer.Argument(metavar="RELEASE", help="Folders.")] = None,
    repo: Annotated[
        str | None, typer.Option("--repo", help="org/name, may hold {language}; as the release says.")
    ] = None,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request.")] = False,
    tag: Annotated[str | None, typer.Option("--tag", help="Name the commit, such as v1.0.")] = None,
    private: Annotated[bool | None, typer.Option("--private/--public", help="Who may see it.")] = None,
    gated: Annotated[str | None, typer.Option(metavar="auto|manual", help="Let people ask first.")] = None,
    revision: Annotated[str, typer.Option(help="The branch.")] = "main",
    as_configs: Annotated[
        bool, typer.Option("--as-configs", help="Languages as configs of one repository.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; write nothing.")] = False,
    reload: Annotated[bool, typer.Option(help="Load the pushed revision back and compare.")] = True,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Restore the files of the commit before, instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Push releases to the hub, one commit each, and load them back; only changed files travel."""
    from vqa_builder import progress
    from vqa_builder.release import publish as pushing

    options: dict[str, Any] = {"revision": revision, "dry_run": dry_run, "progress": progress.for_terminal()}
    if rollback:
        done = [pushing.rollback(name, **options) for name in pushing.repositories(releases or [], repo)]
    else:
        options |= {"create_pr": create_pr, "tag": tag, "private": private, "gated": _gated(gated)}
        options |= {"as_config": as_configs, "reload": reload}
        done = [pushing.publish(folder, repo, **options) for folder in _some(releases)]
    if as_json:
        _print_json([one.to_json() for one in done])
        return
    for one in done:
        for line in one.lines():
            print(line)


@app.command()
def export(
    releases: Annotated[
        list[Path], typer.Argument(metavar="RELEASE...", help="Folders, one per language, of one source.")
    ],
    out: Annotated[Path, typer.Option("--out", help="A folder that is not there yet.")],
    file_format: Annotated[str, typer.Option("--format", metavar="cvil")] = "cvil",
    tags: Annotated[
        Path | None, typer.Option("--tags", help='Object tags: JSON like {"42": ["dog", "grass"]}.')
    ] = None,
) -> None:
    """Write releases as the files of another tool: the trainer of cViL, which reads word alignments."""
    from vqa_builder.release.export_cvil import export_cvil

    if file_format != "cvil":
        raise typer.BadParameter(f"{file_format!r} is not known; there is cvil", param_hint="--format")
    done = export_cvil(releases, out, tags)
    for split, rows in done.rows.items():
        missing = done.left_out[split]
        print(f"{done.folder}: {split}: {rows:,} questions, {missing:,} not kept by all releases")


@app.command()
def evaluate(
    predictions: Annotated[
        Path, typer.Argument(help="[{question_id, answer}, ...] as JSON, JSONL, CSV or TSV; may be gzipped.")
    ],
    references: Annotated[
        Path, typer.Option("--references", help="A release's folder, or a VQA annotation file.")
    ],
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            "-l",
            help="Compare in this language: the release's own, or en for the English it was made from.",
        ),
    ] = None,
    split: Annotated[str | None, typer.Option(help="A split of the release.")] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="Another system's predictions, to compare with.")
    ] = None,
    metric: Annotated[str, typer.Option(metavar="vqa|exact|anls|f1")] = "vqa",
    vocabulary: Annotated[
        Path | None, typer.Option(help="For exact match: JSON of the answers that the model can give.")
    ] = None,
    answers_in: Annotated[
        str,
        typer.Option(metavar="auto|labels|text", help="Predictions are English labels, or target text."),
    ] = "auto",
    missing: Annotated[
        str, typer.Option(metavar="error|wrong", help="Questions without a prediction.")
    ] = "error",
    unknown: Annotated[
        str, typer.Option(metavar="error|ignore", help="Predictions for other questions.")
    ] = "error",
    accept_merged: Annotated[
        bool, typer.Option("--accept-merged", help="In English, accept labels that the release merges.")
    ] = False,
    normaliser: Annotated[
        str | None, typer.Option(metavar="official|language|vizwiz-multilingual", help="Other rules.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap and the tests.")] = 0,
    as_json: Json = False,
) -> None:
    """Score a model's answers: VQA accuracy, exact match, ANLS or token F1; with intervals and signature."""
    from vqa_builder.metrics.evaluate import evaluate, settings_from

    settings = settings_from(
        split=split,
        answers_in=answers_in,
        missing=missing,
        unknown=unknown,
        accept_merged=accept_merged,
        normaliser=normaliser,
        seed=seed,
    )
    evaluation = evaluate(
        predictions,
        references,
        language,
        metric=metric,
        against=against,
        settings=settings,
        vocabulary=vocabulary,
    )
    if as_json:
        _print_json(evaluation.to_json())
        return
    for line in evaluation.lines():
        print(line)


@app.command("list")
def list_plugins(
    kind: Annotated[str, typer.Argument(metavar="languages|sources|engines|scorers|aligners")],
    as_json: Json = False,
) -> None:
    """List what can be named in a spec."""
    from vqa_builder import catalogue

    entries = catalogue.entries(kind)
    if as_json:
        _print_json(entries)
        return
    width = max(len(entry["name"]) for entry in entries)
    for entry in entries:
        print(f"{entry['name']:<{width}}  {entry['summary']}")


@app.command("convert-model")
def convert_model(
    model: Annotated[str, typer.Argument(help="A name on the hub, or a folder of save_pretrained.")],
    out: Annotated[Path, typer.Argument(help="The new folder.")],
    quantization: Annotated[
        str, typer.Option(metavar="int8|float16|float32|...", help="int8 is the fastest on a CPU.")
    ] = "int8",
    revision: Annotated[str | None, typer.Option(help="Commit, tag or branch of the hub.")] = None,
) -> None:
    """Convert a checkpoint of transformers for the engine ctranslate2, and print what to put in the spec."""
    from vqa_builder.translation.convert import convert

    print(convert(model, out, quantization=quantization, revision=revision).yaml, end="")


@memory_app.command("import")
def memory_import(
    file: Annotated[Path, typer.Argument(help=".tmx, .jsonl or .parquet; the first two may end in .gz.")],
    memory: MemoryPath = DEFAULT_MEMORY,
    label: Annotated[
        str | None, typer.Option(help="Who made the translations; stands in the engine column.")
    ] = None,
) -> None:
    """Take translations into the memory; those that no engine signed win over engines from then on."""
    from vqa_builder.translation import interchange
    from vqa_builder.translation.memory import TranslationMemory

    with TranslationMemory(memory) as store:
        added = store.add(interchange.read_entries(file, label))
    print(f"{memory}: {added.asserted:,} asserted and {added.machine:,} machine translations taken in")


@memory_app.command("export")
def memory_export(
    file: Annotated[Path, typer.Argument(help=".tmx, .jsonl or .parquet; the first two may end in .gz.")],
    memory: MemoryPath = DEFAULT_MEMORY,
    language: Annotated[str | None, typer.Option("--language", "-l", help="Only into this language.")] = None,
) -> None:
    """Write the memory to a file that other tools, or another machine, can read."""
    from vqa_builder.translation import interchange
    from vqa_builder.translation.memory import TranslationMemory

    _must_exist(memory)
    with TranslationMemory(memory) as store:
        count = interchange.write_entries(file, store.entries(target=language))
    print(f"{file}: {count:,} entries")


@memory_app.command("merge")
def memory_merge(
    others: Annotated[list[Path], typer.Argument(metavar="OTHER", help="Files of other memories.")],
    memory: MemoryPath = DEFAULT_MEMORY,
) -> None:
    """Take all that other memories hold into this one; what their people asserted wins over what ours did."""
    from vqa_builder.translation.memory import TranslationMemory

    for other in others:
        _must_exist(other)
        with TranslationMemory(memory) as store, TranslationMemory(other) as taken:
            added = store.add(taken.entries())
        print(f"{other}: {added.asserted:,} asserted and {added.machine:,} machine translations taken in")


@memory_app.command("stats")
def memory_stats(memory: MemoryPath = DEFAULT_MEMORY, as_json: Json = False) -> None:
    """Count the memory's entries by direction, role and engine."""
    from vqa_builder.translation.memory import TranslationMemory

    _must_exist(memory)
    with TranslationMemory(memory) as store:
        rows = [row._asdict() for row in store.stats()]
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        kind = "asserted" if row["asserted"] else "machine"
        print(f"{row['source']}-{row['target']}  {row['role'] or 'any role':<9} {kind:<9}", end="")
        print(f"{row['entries']:>10,} entries {row['characters']:>12,} characters  {row['engine']}")


def _build(
    spec: Any,
    out: Path,
    *,
    languages: list[str] | None = None,
    limit: int | None = None,
    on_bad_record: OnBadRecord = "error",
    workers: int | None = None,
    executor: str = "local",
) -> None:
    from vqa_builder import build, progress

    releases = build(
        spec,
        out,
        languages=languages,
        limit=limit,
        on_bad_record=on_bad_record,
        workers=workers,
        executor=executor,
        progress=progress.for_terminal(),
    )
    for release in releases:
        _print_release(release)
    if any(release.verification and not release.verification.ok for release in releases):
        raise typer.Exit(1)


def _build_shard(spec: Any, out: Path, part: str, **options: Any) -> None:
    from vqa_builder import progress, shards

    shard = shards.parse_shard(part)
    for done in shards.build_shard(spec, out, shard, progress=progress.for_terminal(), **options):
        work = done.work
        print(f"{shard.folder(out)}  {done.language}: {done.strings:,} of {done.of:,} strings, ", end="")
        print(f"{work.remembered:,} remembered, {work.translated:,} translated now, {work.failed:,} failed")


def _repeat(original: Path, out: Path, inputs: Path | None, workers: int | None) -> None:
    from vqa_builder import progress
    from vqa_builder.repetition import repeat

    repeated = repeat(original, out, inputs=inputs, workers=workers, progress=progress.for_terminal())
    print(repeated)
    if not repeated.ok:
        raise typer.Exit(1)


def _refuse_beside(option: str, *given: object) -> None:
    if any(given):
        raise typer.BadParameter(
            "the manifest says what to build; give no spec, language or limit", param_hint=option
        )


def _print_release(release: BuiltRelease) -> None:
    counts = release.manifest.counts
    kept, rejected = sum(counts["kept"].values()), sum(counts["rejected"].values())
    state = "written" if release.changed else "unchanged"
    print(f"{release.folder}  {state}: {kept:,} rows kept, {rejected:,} rejected, {kept + rejected:,} in all")
    for reason, rows in counts["reasons"].items():
        print(f"  {rows:>9,} rejected for {reason}")
    work = release.work
    print(
        f"  {work.unique:,} unique strings to and fro: {work.remembered:,} remembered, "
        f"{work.translated:,} translated now, {work.failed:,} failed"
    )
    if release.verification is None:
        return
    for check in release.verification.checks:
        if check.mark != "ok":
            print(f"  {check.mark}  {check.name}: {check.detail}")
    if release.verification.ok:
        print(f"  verified: {len(release.verification.checks)} checks passed")


def _print_plan(plan: Plan) -> None:
    rows = ", ".join(f"{split} {count:,}" for split, count in plan.rows.items())
    print(f"rows: {rows}; bad records: {plan.bad_records:,}")
    for engine in plan.engines:
        print(f"engine: {engine}")
    print(f"{'language':<10}{'role':<10}{'rows':>12}{'strings':>12}", end="")
    print(f"{'characters':>14}{'remembered':>12}{'to pay':>12}")
    for entry in plan.strings:
        print(
            f"{entry.language:<10}{entry.role:<10}{entry.rows:>12,}{entry.strings:>12,}"
            f"{entry.characters:>14,}{entry.known:>12,}{entry.strings - entry.known:>12,}"
        )
    for engine in dict.fromkeys(work.engine for work in plan.work):
        print(f"to send, tokens estimated: {engine}")
        for work in (each for each in plan.work if each.engine == engine):
            bound = "at most" if work.fallback else ""
            print(f"  {work.direction}  {work.role:<9} {bound:<8}{work.strings:>10,} strings", end="")
            print(f"{work.characters:>14,} characters", end="")
            print(f"{work.input_tokens:>14,} + {work.output_tokens:,} tokens", end="")
            print("" if work.money is None else f"  {work.money:,.2f} {work.currency}")
    for currency in sorted({work.currency for work in plan.work if work.currency}):
        total = sum(work.money or 0 for work in plan.work if work.currency == currency)
        print(f"at most, in all: {total:,.2f} {currency}")
    if plan.spent_characters:
        money = f", {plan.spent_money:,.2f} {plan.currency}" if plan.currency else ""
        print(f"spent here so far: {plan.spent_characters:,} characters{money}")


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _choice(on_bad_record: str) -> OnBadRecord:
    if on_bad_record == "error":
        return "error"
    if on_bad_record == "skip":
        return "skip"
    raise typer.BadParameter(f"{on_bad_record!r} is neither error nor skip", param_hint="--on-bad-record")


def _gated(how: str | None) -> str | None:
    if how in (None, "auto", "manual"):
        return how
    raise typer.BadParameter(f"{how!r} is neither auto nor manual", param_hint="--gated")


def _some(releases: list[Path] | None) -> list[Path]:
    if releases:
        return releases
    raise typer.BadParameter("give the folder of a release", param_hint="RELEASE")


def _must_exist(memory: Path) -> None:
    if not memory.exists():
        raise StorageError(
            "There is no translation memory here", where=memory, remedy="name its file with --memory"
        )


def _storage_error(error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(
            "The disk is full",
            where=error.filename,
            remedy="free some space and run the same command: everything finished is kept",
        )
    return StorageError(
        "A file cannot be read or written", where=error.filename, found=error.strerror or str(error)
    )


def _fail(message: str, code: int) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(code)
