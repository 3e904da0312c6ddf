"""The command line: parse, call, print. Results go to stdout, everything else to stderr.

The commands are functions of ``vqa_builder.commands``; here they get their names and order, and errors become
messages and exit codes. Heavy imports live inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import atexit
import errno
import gc
import io
import sys
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from vqa_builder import interrupts
from vqa_builder.commands import building, listing, measuring, memories, releases, review
from vqa_builder.errors import EngineError, ScorerError, StorageError, VQABuilderError
from vqa_builder.escaping import terminal
from vqa_builder.version import __version__

CYCLES = (50_000, 20, 10)
"""When Python looks for objects that only hold each other: builds make millions that live on and hardly any
such, and looking after every 700 of them, as Python does by itself, took an eighth of the CPU time."""

COMMANDS: dict[str, Callable[..., None]] = {
    "demo": building.demo,
    "init": building.init,
    "validate": building.validate,
    "plan": building.plan,
    "build": building.build,
    "merge": building.merge,
    "verify": releases.verify,
    "report": releases.report,
    "diff": releases.diff,
    "publish": releases.publish,
    "export": releases.export,
    "evaluate": measuring.evaluate,
    "calibrate": review.calibrate,
    "list": listing.list_plugins,
    "convert-model": listing.convert_model,
    "doctor": listing.doctor,
}
MEMORY_COMMANDS: dict[str, Callable[..., None]] = {
    "import": memories.import_,
    "export": memories.export,
    "merge": memories.merge,
    "repair": memories.repair,
    "stats": memories.stats,
}
REVIEW_COMMANDS: dict[str, Callable[..., None]] = {
    "export": review.export,
    "import": review.import_,
    "certify": review.certify,
}

app = typer.Typer(
    name="vqa-builder",
    help="Turn English visual question answering data into verified releases in other languages.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
memory_app = typer.Typer(
    help="The translation memory: import, export, repair, statistics.", no_args_is_help=True
)
app.add_typer(memory_app, name="memory")
review_app = typer.Typer(
    help="Rows for people to judge and correct: export, import, certify.", no_args_is_help=True
)
app.add_typer(review_app, name="review")
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
for _name, _command in MEMORY_COMMANDS.items():
    memory_app.command(_name)(_command)
for _name, _command in REVIEW_COMMANDS.items():
    review_app.command(_name)(_command)


def main() -> None:
    """Run the command line; no traceback reaches a user unless ``--debug`` is given."""
    interrupts.end_soon_on_interrupt()
    gc.set_threshold(*CYCLES)
    atexit.register(gc.freeze)  # a last search, among all that is left to end with the process, takes 0.6 s
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # of a terminal that does not know Japanese
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    try:
        app()
    except VQABuilderError as error:
        _fail(error, _without_secrets(error), error.exit_code, debug)
    except OSError as error:
        _fail(error, str(_storage_error(error)), StorageError.exit_code, debug)
    except Exception as error:
        from vqa_builder import crash

        _fail(error, crash.report(error, crash.work_folder(sys.argv)), crash.EXIT_CODE, debug)
    except interrupts.Interrupted:
        interrupts.end()


def _print_version(wanted: bool) -> None:
    if wanted:
        from vqa_builder import doctor

        print(f"vqa-builder {__version__}", *doctor.signatures(), sep="\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print version and signatures."
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    pass


def _without_secrets(error: VQABuilderError) -> str:
    """Its message; those of plug-ins repeat what other packages and services say."""
    if not isinstance(error, EngineError | ScorerError):
        return str(error)
    from vqa_builder import crash

    return crash.scrubbed(str(error))


def _storage_error(error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(
            "The disk is full",
            where=error.filename,
            remedy="free some space and run the same command: everything finished is kept",
        )
    return StorageError(
        "A file cannot be read or written",
        where=error.filename,
        found=error.strerror or str(error),
        remedy="name a folder that can be written with --out" if error.errno == errno.EROFS else None,
    )


def _fail(error: Exception, message: str, code: int, debug: bool) -> NoReturn:
    if debug:
        from vqa_builder import crash

        print(terminal(crash.trace(error)), file=sys.stderr)
    print(terminal(f"error: {message}"), file=sys.stderr)
    raise SystemExit(code)
