"""Certificates: what is drawn, what counts, whether they hold, and how many judgements they save."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.release.asked import questions
from vqa_builder.quality.confidence import betting_bounds
from vqa_builder.review import certification
from vqa_builder.review.certification import certify, draw, krippendorff_alpha, next_rows
from vqa_builder.review.sheet import Questions

COUNT = 800
REVIEWS = 1000


@pytest.fixture(scope="module")
def release() -> Questions:
    """Kept rows whose chrF spreads from 35 to 100."""
    return questions([35 + 65 * place / COUNT for place in range(COUNT)])


def ids(release: Questions) -> list[str]:
    found: list[str] = release.rows["segment_id"].to_pylist()
    return found


def test_draws_repeat_and_more_often_take_what_is_risky(release: Questions) -> None:
    drawn = draw(release, seed=4)
    assert (drawn.rows == draw(release, seed=4).rows).all()
    assert (drawn.rows != draw(release, seed=5).rows).any()
    assert sum(drawn.strata.values()) == COUNT
    assert (drawn.rows < COUNT // 4).mean() > 0.3
    assert drawn.weights.max() <= drawn.largest <= 1 / certification.MIXED
    assert drawn.weights.mean() == pytest.approx(1, abs=0.02)


def test_only_kept_rows_are_drawn() -> None:
    mixed = questions([20.0, 50.0, 30.0, 90.0])
    assert set(draw(mixed).rows.tolist()) == {1, 3}


def test_judgements_count_up_to_the_first_draw_that_nobody_judged(release: Questions) -> None:
    drawn = draw(release)
    segments = ids(release)
    first = [segments[row] for row in drawn.rows[:30]]
    labels = {segment: {"ann": False} for segment in first}
    found = certify(release, labels)
    assert found.draws >= 30 and found.judgements == len(set(first))
    assert found.high < 0.25 and found.estimate == 0
    del labels[first[10]]
    assert certify(release, labels).draws == first.index(first[10])
    assert segments[next_rows(release, labels, 1)[0]] == first[10]


def test_most_judges_decide_and_a_tie_is_wrong(release: Questions) -> None:
    segment = ids(release)[int(draw(release).rows[0])]
    weight = float(draw(release).weights[0])
    for votes, wrong in [
        ({"a": True, "b": False}, True),
        ({"a": True, "b": False, "c": False}, False),
        ({"a": False}, False),
    ]:
        found = certify(release, {segment: votes})
        assert found.estimate == pytest.approx(weight * wrong)
        assert found.judges == len(votes)


def test_agreement() -> None:
    alike = [{"a": True, "b": True}, {"a": False, "b": False}]
    assert krippendorff_alpha(alike) == 1
    assert krippendorff_alpha([{"a": True}]) is None
    assert krippendorff_alpha([{"a": False, "b": False}] * 3) == 1
    opposed = [{"a": True, "b": False}] * 4
    alpha = krippendorff_alpha(opposed)
    assert alpha is not None and alpha < 0


@pytest.mark.slow
def test_a_thousand_reviews_cover_and_save_judgements(release: Questions) -> None:
    """Planted rates; a reviewer stops when the release is certified, or after 600 draws.

    The fixed sample of the same width is the one whose bound is as far above the estimate whatever the
    rate is (Hoeffding), since a sample that is fixed beforehand cannot know it.
    """
    random = np.random.default_rng(7)
    chrf = np.asarray(release.scores["chrf"].to_numpy(), float)
    broken, saved = 0, []
    drawn = {seed: draw(release, seed) for seed in range(20)}
    for review in range(REVIEWS):
        rate = (0.01, 0.03, 0.06, 0.12)[review % 4]
        risk = np.where(chrf < 55, 3.0, 0.5)
        wrong = random.random(COUNT) < np.minimum(rate * risk / risk.mean(), 1)
        one = drawn[review % 20]
        values = one.weights[:300] * wrong[one.rows[:300]]
        found = betting_bounds(values, 0.95, one.largest)
        broken += found.high < wrong.mean()
        fixed = np.log(20) / (2 * (found.high - found.estimate) ** 2)
        saved.append(1 - len(values) / fixed)
    assert broken / REVIEWS <= 0.05
    assert np.median(saved) >= 0.4


def test_the_command_stops_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vqa_builder.cli import app
    from vqa_builder.review import sheet, sheet_csv

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sheet, "questions_of", lambda folder: questions([50.0] * 300))
    run = CliRunner()

    def certify_again(*options: str) -> dict[str, object]:
        result = run.invoke(app, ["review", "certify", ".", "--rows", "60", "--json", *options])
        assert result.exit_code == 0, result.output
        found: dict[str, object] = json.loads(result.stdout)
        return found

    def judge(source: str, target: str, reviewer: str) -> None:
        lines = sheet_csv.read(Path(source))
        rows = [{**line.cells, "label": "good", "reviewer": reviewer} for line in lines]
        sheet_csv.write(Path(target), list(rows[0]), rows)

    assert certify_again()["next"] == 60
    judge("certify.csv", "first.csv", "ann")
    second = certify_again("--labels", "first.csv")
    assert 0 < float(str(second["high"])) < 0.12 and second["done"] is False
    judge("certify.csv", "second.csv", "ann")
    third = certify_again("--labels", "first.csv", "--labels", "second.csv", "--target", "0.05")
    assert third["done"] is True and third["next"] == 0
    assert json.loads(Path("certificate.json").read_text())["claim"].startswith("at most ")
