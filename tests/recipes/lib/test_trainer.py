"""A run goes on as if it had never stopped, says why it must stop, and trains what it is told to."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from recipes.lib import checkpoint
from recipes.lib.settings import Settings, Stage
from recipes.lib.trainer import Outcome, StepLoss, TrainingError, train
from tests.recipes.lib.training import SETTINGS, STEPS_PER_EPOCH, Net, Rows, loss, run, score, without_clock
from tests.recipes.processes import together
from vqa_builder.errors import SpecError, StorageError

ROOT = Path(__file__).parents[3]
STEPS = SETTINGS.epochs * STEPS_PER_EPOCH


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Net]:
    """The run of :mod:`tests.recipes.lib.training`, never interrupted."""
    torch.set_num_threads(1)
    model = Net()
    return run(tmp_path_factory.mktemp("whole"), model), model


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def same_files(one: Path, other: Path) -> None:
    for name in ("last/model.safetensors", "last/optimisers.safetensors", "best/model.safetensors"):
        mine, theirs = load_file(str(one / name)), load_file(str(other / name))
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[key], theirs[key]) for key in mine), name


def test_a_run_learns_and_tells_what_it_did(whole: tuple[Outcome, Net]) -> None:
    outcome, model = whole
    assert (outcome.steps, outcome.stopped) == (STEPS, "epochs")
    assert outcome.samples == SETTINGS.epochs * len(Rows()) * Rows().rows
    lines = [line for line in outcome.history if "loss" in line]
    assert [line["step"] for line in lines] == list(range(1, STEPS + 1))
    assert lines[0].keys() == {
        *("step", "epoch", "loss", "size", "gradient_norm", "lr", "samples_per_second", "seconds")
    }
    assert lines[-1]["loss"] < 0.8 * lines[0]["loss"]
    assert outcome.best is not None
    assert outcome.best["score"] == score(model)["score"]  # the best weights are in the model
    assert not model.training
    assert {path.name for path in outcome.folder.iterdir()} == {
        *("settings.json", "log.jsonl", "lock", "last", "best")
    }


def test_a_killed_run_goes_on_bit_for_bit(whole: tuple[Outcome, Net], tmp_path: Path) -> None:
    outcome, model = whole
    folder = tmp_path / "run"
    # After step 7, which is logged, with a checkpoint of step 6, in the middle of the second epoch.
    command = [sys.executable, "-m", "tests.recipes.lib.training", str(folder), "7"]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert (folder / "log.jsonl").read_text().count("\n") == 8  # seven steps and a validation
    with (folder / "log.jsonl").open("a") as log:
        log.write('{"step": 8, "epo')  # as a process leaves it that dies while it writes
    again = Net(seed=5)
    continued = run(folder, again)
    assert without_clock(continued.history) == without_clock(outcome.history)
    assert same_weights(again, model)
    same_files(folder, outcome.folder)


class Stop(BaseException):
    """Nobody catches this."""


@pytest.mark.parametrize("place", range(0, 2 * STEPS, 3))
def test_a_run_goes_on_from_every_step(whole: tuple[Outcome, Net], tmp_path: Path, place: int) -> None:
    calls = 0

    def stopping(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        nonlocal calls
        calls += 1
        if calls > place:
            raise Stop
        return loss(model, batch)

    if place < SETTINGS.epochs * len(Rows()):
        with pytest.raises(Stop):
            train(Net(), stopping, Rows(), SETTINGS, tmp_path, validate=score)
    again = Net(seed=1) if (tmp_path / "last").exists() else Net()
    continued = run(tmp_path, again)
    assert without_clock(continued.history) == without_clock(whole[0].history)
    same_files(tmp_path, whole[0].folder)


def test_another_number_of_processes_at_resume_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = checkpoint.Place(step=3, processes=4)
    checkpoint.count_processes(place, 2, tmp_path)
    assert "by 4 processes up to step 3, and goes on with 2" in capsys.readouterr().err
    assert place.processes == 2
    checkpoint.count_processes(place, 2, tmp_path)
    assert not capsys.readouterr().err


def test_validation_does_not_disturb_training(whole: tuple[Outcome, Net], tmp_path: Path) -> None:
    def noisy(model: nn.Module) -> dict[str, float]:
        torch.rand(3)
        return score(model)

    before = torch.get_rng_state()
    train(Net(), loss, Rows(), SETTINGS, tmp_path, validate=noisy)
    assert torch.equal(torch.get_rng_state(), before)  # the caller's generator is as it was
    same_files(tmp_path, whole[0].folder)


def test_a_finished_folder_returns_at_once(whole: tuple[Outcome, Net]) -> None:
    def never(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        raise AssertionError

    again = Net(seed=1)
    outcome = train(again, never, Rows(), SETTINGS, whole[0].folder, validate=score)
    assert outcome == whole[0]
    assert same_weights(again, whole[1])


def test_without_a_validation_the_model_holds_the_average_of_the_last_steps(tmp_path: Path) -> None:
    model, plain = Net(), Net()
    train(model, loss, Rows(), SETTINGS, tmp_path / "average")
    train(plain, loss, Rows(), SETTINGS.model_copy(update={"ema": 0.0}), tmp_path / "plain")
    last = Net()
    last.load_state_dict(load_file(str(tmp_path / "average/last/model.safetensors")), strict=False)
    assert torch.equal(last.head.weight, plain.head.weight)  # the average changes nothing that is trained
    assert not torch.equal(model.head.weight, plain.head.weight)
    again = Net(seed=3)
    outcome = train(again, loss, Rows(), SETTINGS, tmp_path / "average")
    assert same_weights(again, model)
    assert outcome.best is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"lr": 0.02}, "settings lr: 0.01 there, 0.02 now"),
        ({"seed": 7, "clip": 0.5}, "settings clip: 1.0 there, 0.5 now; settings seed: 0 there, 7 now"),
    ],
)
def test_another_configuration_is_named(
    whole: tuple[Outcome, Net], changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(SpecError) as error:
        run(whole[0].folder, Net(), **changes)
    assert error.value.details["found"] == named


def test_other_batches_models_and_data_are_named(whole: tuple[Outcome, Net]) -> None:
    with pytest.raises(SpecError, match="another run") as error:
        train(Net(), loss, Rows(count=7), SETTINGS, whole[0].folder, identity={"release": "vqa-ja"})
    assert "batches per epoch: 9 there, 7 now" in error.value.details["found"]
    assert "identity release: none there, vqa-ja now" in error.value.details["found"]
    other = Net()
    other.head = nn.Linear(16, 3)
    with pytest.raises(SpecError) as error:
        run(whole[0].folder, other)
    assert "model head.weight: [6, 16] there, [3, 16] now" in error.value.details["found"]


def test_how_it_is_logged_may_change(whole: tuple[Outcome, Net]) -> None:
    assert run(whole[0].folder, Net(), log_every=3, save_every=0, progress=True).steps == STEPS


def test_a_loss_that_is_no_number_stops_and_names_the_rows(tmp_path: Path) -> None:
    def broken(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        terms = loss(model, batch)
        poison = torch.where(batch["index"] == 19, torch.nan, 0.0).sum()
        return {"loss": terms["loss"] + poison}

    settings = Settings(epochs=2, lr=0.01, log_every=4, progress=False, tensorboard=False)
    with pytest.raises(TrainingError, match="The loss is nan") as error:
        train(Net(), broken, Rows(), settings, tmp_path)
    assert error.value.details["where"] == f"{tmp_path}, step 3, epoch 1"
    assert error.value.details["found"] == "a batch of the rows 16, 17, 18, 19, 20, 21, 22, 23"
    assert not (tmp_path / "last").exists()  # no broken weights were kept


def test_a_gradient_that_is_no_number_stops_too(tmp_path: Path) -> None:
    def steep(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"loss": (model(batch["x"]) * 0).abs().sqrt().mean()}  # 0, and its slope is not

    settings = Settings(epochs=1, lr=0.01, log_every=1, progress=False, tensorboard=False)
    with pytest.raises(TrainingError, match="The norm of the gradient is nan") as error:
        train(Net(), steep, Rows(), settings, tmp_path)
    assert "step 1, epoch 1" in error.value.details["where"]


def test_a_full_memory_gives_advice(tmp_path: Path) -> None:
    def huge(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"loss": torch.ones(1 << 50).sum()}

    def full(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    for place, failing in enumerate((huge, full)):
        with pytest.raises(TrainingError, match="The memory is full") as error:
            train(Net(), failing, Rows(), SETTINGS, tmp_path / str(place))
        assert error.value.details["found"].startswith("batch_size 8, accumulate 2, precision fp32")
        assert (
            "batch_size 4 with accumulate 4 (the same gradient), precision bf16, checkpointing true"
            in error.value.details["do"]
        )
        for name in re.findall(r"(batch_size|accumulate|precision|checkpointing)", error.value.details["do"]):
            assert name in {*Stage.model_fields, "precision"}


def test_other_errors_pass(tmp_path: Path) -> None:
    def wrong(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        train(Net(), wrong, Rows(), SETTINGS, tmp_path)


def test_accumulated_batches_are_one_batch(tmp_path: Path) -> None:
    def still(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        model.eval()
        return loss(model, batch)

    class Halves(Rows):
        def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]:
            whole = [{k: v.chunk(2) for k, v in batch.items()} for batch in Rows().epoch(number)]
            halves = [{k: v[half] for k, v in batch.items()} for batch in whole for half in (0, 1)]
            yield from halves[start:]

    models = [Net(), Net()]
    settings = Settings(epochs=1, lr=0.01, tensorboard=False, progress=False)
    twice = settings.model_copy(update={"accumulate": 2})
    train(models[0], still, Rows(), settings, tmp_path / "whole")
    train(models[1], still, Halves(count=2 * len(Rows())), twice, tmp_path / "halves")
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_only_some_weights_are_trained(tmp_path: Path) -> None:
    model, start = Net(), Net()
    train(model, loss, Rows(), SETTINGS, tmp_path / "head", parameters=model.head.parameters())
    assert torch.equal(model.first.weight, start.first.weight)
    assert not torch.equal(model.head.weight, start.head.weight)
    assert all(weight.requires_grad for weight in model.parameters())  # frozen only meanwhile
    with pytest.raises(SpecError, match="nothing to train"):
        train(model, loss, Rows(), SETTINGS, tmp_path / "none", parameters=[])


def test_groups_have_rates_of_their_own(tmp_path: Path) -> None:
    model, start = Net(), Net()
    slow = [*model.first.parameters(), *model.norm.parameters()]
    groups = [{"params": model.head.parameters()}, {"params": slow, "lr": 1e-12}]
    train(model, loss, Rows(), SETTINGS, tmp_path, parameters=groups)
    torch.testing.assert_close(model.first.weight, start.first.weight)
    assert (model.head.weight - start.head.weight).abs().max() > 0.01


def test_the_best_weights_are_kept_and_patience_ends_a_run(tmp_path: Path) -> None:
    scores = iter([0.3, 0.5, 0.5, 0.4, 0.9])
    outcome = train(
        Net(),
        loss,
        Rows(),
        SETTINGS.model_copy(update={"epochs": 9, "patience": 2}),
        tmp_path,
        validate=lambda model: {"score": next(scores), "yes/no": 0.25},
    )
    assert outcome.best == {"score": 0.5, "yes/no": 0.25, "step": 2 * STEPS_PER_EPOCH, "epoch": 2}
    assert (outcome.stopped, outcome.steps) == ("patience", 4 * STEPS_PER_EPOCH)
    assert [line["validation"]["score"] for line in outcome.history if "validation" in line] == [
        *(0.3, 0.5, 0.5, 0.4)
    ]


@pytest.mark.parametrize("scores", [{}, {"score": float("nan")}])
def test_a_validation_without_a_score_is_refused(tmp_path: Path, scores: dict[str, float]) -> None:
    with pytest.raises(SpecError, match="no score"):
        train(Net(), loss, Rows(), SETTINGS, tmp_path, validate=lambda model: scores)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_low_precision_learns_and_goes_on(
    tmp_path: Path, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recipes.lib.precision.pays", lambda *_: True)
    kinds = set()

    def watching(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        output = model(batch["x"])
        kinds.add(output.dtype)
        return {"loss": (output.float() - batch["y"]).square().mean()}

    settings = SETTINGS.model_copy(update={"precision": precision})
    model = Net()
    outcome = train(model, watching, Rows(), settings, tmp_path)
    assert kinds == {torch.bfloat16 if precision == "bf16" else torch.float16}
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    lines = [line["loss"] for line in outcome.history]
    assert lines[-1] < 0.8 * lines[0]


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    def nested(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"loss": torch.tensor(run(tmp_path, Net()).seconds)}

    with pytest.raises(StorageError, match="Another process trains"):
        train(Net(), nested, Rows(), SETTINGS, tmp_path, validate=score)


def test_nothing_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="nothing to train on"):
        train(Net(), loss, Rows(count=0), SETTINGS, tmp_path)


def test_progress_is_a_line_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path / "teacher", Net(), progress=True, log_every=5, peak_tflops=0.001)
    out, err = capsys.readouterr()
    assert out == ""
    first, second, *_ = err.splitlines()
    assert first.startswith("teacher  step 5/15  epoch 1/3  loss ")
    assert " samples/s  MFU " in first
    assert first.endswith(" left")
    assert second.startswith("teacher  epoch 1/3  validation: score -")


def test_tensorboard_gets_the_same_numbers(tmp_path: Path) -> None:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    outcome = run(tmp_path, Net(), tensorboard=True)
    events = reader.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    losses = [line["loss"] for line in outcome.history if "loss" in line]
    assert [event.value for event in events.Scalars("loss")] == pytest.approx(losses)
    assert len(events.Scalars("validation/score")) == 3


@pytest.mark.slow
def test_a_compiled_model_learns_the_same(whole: tuple[Outcome, Net], tmp_path: Path) -> None:
    model = Net()
    outcome = run(tmp_path, model, compile=True)
    assert set(load_file(str(tmp_path / "last/model.safetensors"))) == set(
        load_file(str(whole[0].folder / "last/model.safetensors"))
    )
    assert outcome.best is not None
    assert whole[0].best is not None
    assert outcome.best["score"] == pytest.approx(whole[0].best["score"], rel=0.2)


def same_run(one: Outcome, other: Outcome, models: tuple[Net, Net]) -> None:
    assert one.samples == other.samples
    mine, theirs = ([line["loss"] for line in each.history if "loss" in line] for each in (one, other))
    assert mine == pytest.approx(theirs, rel=1e-4)
    for own, shared in zip(*(each.parameters() for each in models), strict=True):
        torch.testing.assert_close(own, shared, rtol=1e-3, atol=1e-5)


def _shared(folder: Path) -> None:
    model = Net()
    model.dropout.p = 0.0
    run(folder, model, epochs=1)


def test_two_processes_are_one_with_the_same_batches(tmp_path: Path) -> None:
    together(tmp_path, _shared, tmp_path / "two")
    model, other = Net(), Net()
    model.dropout.p = 0.0
    one, two = run(tmp_path / "one", model, epochs=1), run(tmp_path / "two", other, epochs=1)
    same_run(one, two, (model, other))


def _in_parts(folder: Path) -> None:
    """Stopped twice in parts, the last steps in whole weights; Muon is refused."""

    def train_in_parts(steps: int) -> None:
        left = steps

        def mortal(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            nonlocal left
            left -= 1
            assert all(isinstance(each, DTensor) for each in model.parameters())
            if not left:
                raise KeyboardInterrupt
            return loss(model, batch)

        _stage(folder, mortal if steps else loss, fsdp=bool(steps))

    for steps in (10, 9):
        with pytest.raises(KeyboardInterrupt):
            train_in_parts(steps)
    train_in_parts(0)
    with pytest.raises(SpecError, match="muon needs whole matrices"):
        run(folder.with_name("muon"), Net(), fsdp=True)


def _stage(folder: Path, step_loss: StepLoss, *, fsdp: bool) -> None:
    model = Net()
    model.dropout.p = 0.0
    changes = {"optimiser": "adamw", "fsdp": fsdp, "checkpointing": fsdp}
    train(model, step_loss, Rows(), SETTINGS.model_copy(update=changes), folder, validate=score)
    assert not any(isinstance(each, DTensor) for each in model.parameters())


def test_weights_in_parts_learn_what_whole_ones_do(tmp_path: Path) -> None:
    """Two processes hold the parts, stop twice, and end with whole weights; one process ends the same way."""
    together(tmp_path, _in_parts, tmp_path / "two")
    model, other = Net(), Net()
    model.dropout.p = 0.0
    one = run(tmp_path / "one", model, optimiser="adamw")
    two = run(tmp_path / "two", other, optimiser="adamw")
    same_run(one, two, (model, other))


def test_batches_without_parts_are_for_one_process(tmp_path: Path) -> None:
    from recipes.lib.trainer import _share

    class Whole:
        def __len__(self) -> int:
            return 1

        def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]:
            yield from ()

    class Two:
        num_processes, process_index = 2, 1

    with pytest.raises(SpecError, match="several processes"):
        _share(Whole(), Two())


class Uneven:
    """Two batches whose losses are means over one row and over three; or all four rows at once."""

    def __init__(self, parts: list[slice]) -> None:
        self.parts = parts

    def __len__(self) -> int:
        return len(self.parts)

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]:
        x = torch.arange(24, dtype=torch.float32).reshape(4, 6).sin()
        for part in self.parts[start:]:
            yield {"x": x[part], "y": x[part].flip(1)}


def test_means_over_different_numbers_accumulate_by_their_weight(tmp_path: Path) -> None:
    def counted(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        error = (model(batch["x"]) - batch["y"]).square().mean()
        return {"loss": error, "weight": torch.tensor(len(batch["x"]))}

    norms = []
    for name, parts in (("two", [slice(0, 1), slice(1, 4)]), ("one", [slice(0, 4)])):
        model = Net()
        model.dropout.p = 0.0
        settings = SETTINGS.model_copy(update={"epochs": 1, "accumulate": len(parts), "clip": 100.0})
        outcome = train(model, counted, Uneven(parts), settings, tmp_path / name)
        norms += [line["gradient_norm"] for line in outcome.history if "gradient_norm" in line]
        assert all("weight" not in line for line in outcome.history)
    assert norms[0] == pytest.approx(norms[1], rel=1e-5)
