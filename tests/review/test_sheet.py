"""What a sheet holds, and what it says of where it came from."""

import csv
import dataclasses
import json
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from tests.release.asked import questions
from vqa_builder import review_sheet
from vqa_builder.errors import ReleaseError
from vqa_builder.quality.rules import Policy
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.write import write_release
from vqa_builder.review import sheet_csv
from vqa_builder.review.sheet import Sheet, html_page, questions_of, sample, together

CHRF = [float(place % 101) for place in range(600)]


def with_policy(contents: ReleaseContents) -> ReleaseContents:
    return dataclasses.replace(contents, facts={**contents.facts, "policy": {"chrf": {"min": 30.0}}})


def test_weights_add_up_to_the_rows_and_both_verdicts_are_there() -> None:
    sheet = sample(questions(CHRF, each=3), 90, seed=4)
    assert (len(sheet.rows), sheet.questions) == (90, 600)
    assert sum(float(row["weight"]) for row in sheet.rows) == pytest.approx(1800, rel=0.1)
    verdicts = [row["verdict"] for row in sheet.rows]
    assert 30 < verdicts.count("kept") < 70
    assert len({row["segment_id"] for row in sheet.rows}) == 90
    assert sheet == sample(questions(CHRF, each=3), 90, seed=4)
    assert sheet.name != sample(questions(CHRF, each=3), 90, seed=5).name


def test_rare_bands_are_drawn() -> None:
    copies = [1.0 if place in (7, 300) else 0.0 for place in range(600)]
    sheet = sample(questions(CHRF, copies), 60)
    assert {"7", "300"} <= {row["question_id"] for row in sheet.rows}


def test_all_questions_if_there_are_no_more() -> None:
    sheet = sample(questions(CHRF[:20], each=2), 100)
    assert len(sheet.rows) == 20
    assert {row["weight"] for row in sheet.rows} == {2.0}


def test_a_combination_has_bands_of_its_own() -> None:
    rule = {"weights": {"chrf": 0.1}, "bias": -3.0, "logistic": True, "min": 0.5}
    asked = questions(CHRF)._replace(policy=Policy.model_validate({"combine": rule}))
    sheet = sample(asked, 50)
    assert len(sheet.rows) == 50


def test_a_score_that_is_missing_is_an_empty_cell(tmp_path: Path) -> None:
    sheet = sample(questions([None, 50.0]), 2)
    sheet_csv.write(tmp_path / "sheet.csv", sheet.columns, sheet.rows)
    lines = {line["question_id"]: line for line in sheet_csv.read(tmp_path / "sheet.csv")}
    assert (lines["0"]["score_chrf"], lines["1"]["score_chrf"]) == ("", "50")
    assert "score_langid_label" not in sheet.columns


def test_a_release_is_read_with_its_answers_and_senses(ja: ReleaseContents, tmp_path: Path) -> None:
    release = write_release(with_policy(ja), tmp_path)
    found = questions_of(release)
    sheet = sample(found, 100)
    by_id = {row["question_id"]: row for row in sheet.rows}
    assert len(by_id) == 7
    glasses = by_id["228478000"]
    assert (glasses["question"], glasses["answer"]) == ("男性は眼鏡をかけていますか？", "はい")
    assert glasses["answers"] == "はい (yes) 10"
    assert by_id["376241080"]["verdict"] == "rejected"
    assert by_id["376241080"]["reasons"] == "copy; langid"
    assert by_id["167330014"]["answers"] == ""  # a test row has none
    assert sheet.columns[:2] == ["question_id", "language"]


def test_a_sheet_is_a_data_frame_that_comes_back(ja: ReleaseContents, tmp_path: Path) -> None:
    frame = review_sheet(str(write_release(with_policy(ja), tmp_path / "release")), 3).to_pandas()
    assert len(frame) == 3
    frame.assign(label="good").to_csv(tmp_path / "judged.csv", index=False)
    back = sheet_csv.read(tmp_path / "judged.csv")
    assert [line["question"] for line in back] == frame["question"].tolist()
    assert {line["label"] for line in back} == {"good"}


def test_two_languages_stand_in_one_sheet(ja: ReleaseContents, hi: ReleaseContents, tmp_path: Path) -> None:
    folders = [write_release(with_policy(one), tmp_path) for one in (ja, hi)]
    sheet = together([sample(questions_of(folder), 100) for folder in folders])
    assert {row["language"] for row in sheet.rows} == {"ja", "hi"}
    assert sheet.questions == len(sheet.rows) == 10


def test_a_release_without_a_policy_is_refused(ja: ReleaseContents, tmp_path: Path) -> None:
    release = write_release(ja, tmp_path)
    with pytest.raises(ReleaseError, match="does not record its policy"):
        questions_of(release)


@pytest.fixture
def sheet() -> Sheet:
    found = sample(questions([float(place) for place in range(0, 100, 5)]), 12)
    found.rows[1]["question"] = "=写真</script><b>に犬は何匹いますか？"
    return found


def test_the_page_holds_the_sheet_and_asks_nobody(sheet: Sheet) -> None:
    document = html_page(sheet, "vqa-ja")
    assert not re.search(r"(src|href)=\"(?!data:)", document)
    assert "http" not in document.replace("http-equiv", "").replace("https?:", "")
    assert "default-src 'none'" in document
    (data,) = re.findall(r'<script id="data" type="application/json">(.*)</script>', document)
    read = json.loads(data)
    assert read["columns"] == sheet.columns
    assert [row[3] for row in read["rows"]] == [row["question"] for row in sheet.rows]
    assert read["name"] == sheet.name
    assert read["pictures"] == [""] * len(sheet.rows)
    assert html_page(sheet, "vqa-ja") == document


def test_a_browser_judges_from_the_keyboard_and_saves_the_sheet(sheet: Sheet, tmp_path: Path) -> None:
    browser = _browser(tmp_path / "saved")
    try:
        (tmp_path / "sheet.html").write_text(html_page(sheet, "vqa-ja"), encoding="utf-8")
        browser.get((tmp_path / "sheet.html").as_uri())
        _type(browser, "g", "f", "b", "\ue012")  # the last one is the left arrow
        _type(browser, "e")
        assert browser.switch_to.active_element.get_attribute("value") == sheet.rows[2]["question"]
        _type(browser, "\ue009a\ue000", "何匹の犬、いますか？", "\ue00c")  # Control and a; Escape
        assert browser.find_element("id", "done").text == "3 judged"
        _refresh_until(browser, "3 judged")
        name = browser.find_element("id", "reviewer")
        name.send_keys("花子", "\ue004")  # the tabulator leaves the field
        assert browser.find_element("id", "done").text == "3 judged"
        name.send_keys("\ue009a\ue000", "अनिल", "\ue004")
        assert browser.find_element("id", "done").text == "0 judged"
        name.send_keys("\ue009a\ue000", "花子", "\ue004")
        browser.find_element("id", "card").click()
        _type(browser, "u", "s")
        (saved,) = _files(tmp_path / "saved")
        problems = browser.get_log("browser")
    finally:
        browser.quit()
    assert problems == []
    lines = sheet_csv.read(saved)
    assert [line["label"] for line in lines[:4]] == ["good", "flaw", "", ""]
    assert lines[2]["corrected_question"] == "何匹の犬、いますか？"
    assert [line["corrected_question"] for line in lines if line["corrected_question"]] == [
        "何匹の犬、いますか？"
    ]
    assert {line["reviewer"] for line in lines} == {"花子", ""}
    sheet_csv.write(tmp_path / "sheet.csv", sheet.columns, sheet.rows)
    untouched = [name for name in sheet.columns if name not in sheet_csv.FILLED_IN]
    assert _cells(saved, untouched) == _cells(tmp_path / "sheet.csv", untouched)


def _cells(path: Path, names: list[str]) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [[row[name] for name in names] for row in csv.DictReader(file)]


def _browser(downloads: Path) -> Any:
    webdriver = pytest.importorskip("selenium.webdriver")
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("no chromedriver is installed")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


def _type(browser: Any, *keys: str) -> None:
    for key in keys:
        browser.switch_to.active_element.send_keys(key)


def _refresh_until(browser: Any, done: str) -> None:
    """A page finds what it kept: another process of the browser stores it, soon after."""
    for _ in range(50):
        time.sleep(0.2)
        browser.refresh()
        if (found := browser.find_element("id", "done").text) == done:
            return
    raise AssertionError(f"{found!r} after reloading, not {done!r}")


def _files(folder: Path) -> list[Path]:
    for _ in range(100):
        if found := list(folder.glob("*.csv")):
            return found
        time.sleep(0.1)
    raise AssertionError("nothing was saved")
