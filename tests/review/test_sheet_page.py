"""The page: whole in itself, and driven by a browser where there is one."""

import csv
import json
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from tests.release.asked import questions
from vqa_builder.review import sheet_csv
from vqa_builder.review.sheet import Sheet, sample
from vqa_builder.review.sheet_page import render


@pytest.fixture
def sheet() -> Sheet:
    found = sample(questions([float(place) for place in range(0, 100, 5)]), 12)
    found.rows[1]["question"] = "=写真</script><b>に犬は何匹いますか？"
    return found


def test_the_page_holds_the_sheet_and_asks_nobody(sheet: Sheet) -> None:
    document = render(sheet, "vqa-ja")
    assert not re.search(r"(src|href)=\"(?!data:)", document)
    assert "http" not in document.replace("http-equiv", "")
    assert "default-src 'none'" in document
    (data,) = re.findall(r'<script id="data" type="application/json">(.*)</script>', document)
    read = json.loads(data)
    assert read["columns"] == sheet.columns
    assert [row[3] for row in read["rows"]] == [row["question"] for row in sheet.rows]
    assert read["name"] == sheet.name
    assert render(sheet, "vqa-ja") == document


def test_a_browser_judges_from_the_keyboard_and_saves_the_sheet(sheet: Sheet, tmp_path: Path) -> None:
    browser = _browser(tmp_path / "saved")
    try:
        (tmp_path / "sheet.html").write_text(render(sheet, "vqa-ja"), encoding="utf-8")
        browser.get((tmp_path / "sheet.html").as_uri())
        _type(browser, "g", "f", "b", "\ue012")  # the last one is the left arrow
        _type(browser, "e")
        _type(browser, "何匹の犬、いますか？", "\ue00c")  # Escape
        assert browser.find_element("id", "done").text == "3 judged"
        browser.refresh()
        assert browser.find_element("id", "done").text == "3 judged"
        _type(browser, "u", "s")
        (saved,) = _files(tmp_path / "saved")
        problems = browser.get_log("browser")
    finally:
        browser.quit()
    assert problems == []
    lines = sheet_csv.read(saved)
    assert [line["label"] for line in lines[:4]] == ["good", "flaw", "", ""]
    assert lines[2]["corrected_question"] == "何匹の犬、いますか？"
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


def _files(folder: Path) -> list[Path]:
    for _ in range(100):
        if found := list(folder.glob("*.csv")):
            return found
        time.sleep(0.1)
    raise AssertionError("nothing was saved")
