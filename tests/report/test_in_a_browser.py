"""report.html in headless Chromium: sliders, search, keyboard, themes; its counts are counted here, too."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from vqa_builder import diff, review_sheet
from vqa_builder.release.diff import pages
from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.parquet import read_table
from vqa_builder.review import sheet

pytest.importorskip("selenium")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver")

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--window-size=1280,1000",
)
SHOWN = 6
LOOKS = [("light", 1280), ("dark", 820), ("light", 360), ("dark", 360)]
CONTRAST = """
const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
const light = ([red, green, blue]) => [red, green, blue].map((part) => part / 255)
  .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
return [...document.querySelectorAll(arguments[0])].map((element) => {
  const [one, other] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}).reduce((least, one) => Math.min(least, one), 99);
"""
TEXTS = "h1, h2, p, td, th, a, label, .meta span, .soft, .target, pre, button, dd, dt, summary"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium that records every request and everything on its console."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser: Any, release: Path) -> Any:
    """The report, freshly opened in a light, wide window."""
    look(browser, "light", 1280)
    browser.get((release / "report.html").as_uri())
    return browser


@pytest.fixture(scope="module")
def rows(release: Path) -> list[dict[str, Any]]:
    """Every question of the release as its files have it, kept first, in the order of the files."""
    found = []
    for key in load_manifest(release).tables:
        folder, split = key.split("/")
        if folder != "answers":
            table = read_table(release, key)
            found += [{"reasons": [], **row, "split": split} for row in table.to_pylist()]
    return found


def look(browser: Any, theme: str, width: int) -> None:
    """Switch theme and width."""
    feature = {"name": "prefers-color-scheme", "value": theme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def assert_readable(page: Any, theme: str, width: int) -> None:
    """Nothing runs over the edge, and every text stands out."""
    look(page, theme, width)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    assert page.execute_script(CONTRAST, TEXTS) >= 4.5


def find(page: Any, css: str) -> Any:
    """The one element that a selector names."""
    return page.find_element("css selector", css)


def number(page: Any, css: str) -> int:
    """A count as the page writes it."""
    return int(re.sub(r"\D", "", find(page, css).text))


def explorer(page: Any) -> dict[str, Any]:
    """The data that the page's script reads."""
    found: dict[str, Any] = json.loads(find(page, "#data").get_attribute("textContent"))
    return found


def slider(page: Any, score: str, side: str) -> Any:
    """The slider of a score's minimum (``low``) or maximum (``high``)."""
    place = [measure["name"] for measure in explorer(page)["measures"]].index(score)
    return find(page, f"#s{place}-{side}")


def move(page: Any, moved: Any, stop: int) -> None:
    """Move a slider to a stop, as dragging it does."""
    script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
    page.execute_script(script, moved, stop)


def bound_at(page: Any, score: str, side: str, stop: int) -> float | None:
    """The bound that a stop of a slider stands for; None for no bound."""
    cuts: list[float] = next(one["cuts"] for one in explorer(page)["measures"] if one["name"] == score)
    at = stop - 1 if side == "low" else stop
    return cuts[at] if 0 <= at < len(cuts) else None


def keeps(row: dict[str, Any], bounds: dict[tuple[str, str], float | None]) -> bool:
    """Whether a row is kept when these bounds replace those that its verdict came from."""
    for (score, side), bound in bounds.items():
        value = row["scores"][score]
        if bound is None or value is None:
            continue
        limit = np.float32(bound)
        if np.float32(value) < limit if side == "low" else np.float32(value) > limit:
            return False
    replaced = tuple(f"{score}{'<' if side == 'low' else '>'}" for score, side in bounds)
    return all(reason.startswith(replaced) for reason in row["reasons"])


MOVES = [("chrf", "low"), ("content", "low"), ("length", "high"), ("langid", "low"), ("loops", "high")]


@pytest.mark.parametrize(("score", "side"), MOVES)
def test_a_slider_keeps_what_python_keeps(
    page: Any, rows: list[dict[str, Any]], score: str, side: str
) -> None:
    moved = slider(page, score, side)
    released, last = int(moved.get_attribute("value")), int(moved.get_attribute("max"))
    for stop in sorted({0, 1, last // 3, max(0, released - 2), released, min(last, released + 7), last}):
        move(page, moved, stop)
        bounds = {(score, side): bound_at(page, score, side, stop)}
        kept = sum(keeps(row, bounds) for row in rows)
        assert number(page, "#kept") == kept
        assert find(page, "#rate").text == f"{100 * kept / len(rows):.1f} %"


def test_two_sliders_together(page: Any, rows: list[dict[str, Any]]) -> None:
    bounds = {}
    for score, side, by in (("chrf", "low", 12), ("content", "low", -3)):
        moved = slider(page, score, side)
        stop = int(moved.get_attribute("value")) + by
        move(page, moved, stop)
        bounds[score, side] = bound_at(page, score, side, stop)
    kept = [keeps(row, bounds) for row in rows]
    before = sum(not row["reasons"] for row in rows)
    change = sum(kept) - before
    assert change != 0
    assert number(page, "#kept") == sum(kept)
    assert find(page, "#change").text.startswith(("+" if change > 0 else "−") + str(abs(change)))
    for split in ("train", "validation", "test"):
        of_split = [keep for keep, row in zip(kept, rows, strict=True) if row["split"] == split]
        assert f"{split} {100 * sum(of_split) / len(of_split):.1f} %" in find(page, "#by-split").text


@pytest.mark.parametrize("by", [0, 15])
def test_the_rows_at_the_boundary_are_the_nearest(page: Any, rows: list[dict[str, Any]], by: int) -> None:
    moved = slider(page, "chrf", "low")
    stop = int(moved.get_attribute("value")) + by
    move(page, moved, stop)
    bound = bound_at(page, "chrf", "low", stop)
    assert bound is not None
    limit = float(np.float32(bound))
    scored = [row for row in rows if row["scores"]["chrf"] is not None]
    near = sorted(scored, key=lambda row: abs(row["scores"]["chrf"] - limit))
    for side, is_below in (("below", True), ("above", False)):
        wanted = [row for row in near if (row["scores"]["chrf"] < limit) == is_below][:SHOWN]
        items = page.find_elements("css selector", f"#near-{side} > li")
        texts = [item.text for item in items]
        assert len(items) == len(wanted) > 0
        for row, text in zip(wanted, texts, strict=True):
            assert row["question"] in text and row["question_en"] in text
            assert f"{row['split']} {row['question_id']}" in text
            keep = keeps(row, {("chrf", "low"): bound})
            flip = "" if keep == (not row["reasons"]) else "now kept" if keep else "now rejected"
            assert ("now " in text) == bool(flip) and flip in text
    assert f"chrf below {bound:g}" in find(page, "#near-below-title").text


def test_the_policy_to_copy_says_what_was_moved(page: Any, release: Path) -> None:
    import yaml

    moved = slider(page, "chrf", "low")
    stop = int(moved.get_attribute("value")) + 5
    move(page, moved, stop)
    found = yaml.safe_load(find(page, "#yaml").text)["policy"]
    recorded = load_manifest(release).content["policy"]
    assert found.pop("chrf") == {"min": bound_at(page, "chrf", "low", stop)}
    assert found == {name: rule for name, rule in recorded.items() if name != "chrf"}


@pytest.mark.parametrize("query", ["何色", "how many", "dog"])
def test_search_finds_what_stands_in_any_text(page: Any, rows: list[dict[str, Any]], query: str) -> None:
    find(page, "#query").send_keys(query)
    answers = ["multiple_choice_answer", "multiple_choice_answer_en"]
    columns = ["question", "question_en", "question_back", *answers, "question_id"]
    for side, keep in (("kept", True), ("rejected", False)):
        found = [
            row
            for row in rows
            if (not row["reasons"]) == keep
            and any(query in str(row[column] or "").lower() for column in columns)
        ]
        assert find(page, f"#{side}-count").text.startswith(f"{len(found)} of ")
        shown = page.find_elements("css selector", f"#{side}-rows > li")
        assert len(shown) == min(len(found), 15)
        assert all(item.find_elements("css selector", "mark") for item in shown)


def test_search_for_nothing_that_is_there(page: Any) -> None:
    find(page, "#query").send_keys("no such text anywhere")
    assert find(page, "#kept-count").text.startswith("0 of ")
    assert not page.find_elements("css selector", "#kept-rows > li")


def test_a_reason_and_an_order(page: Any, rows: list[dict[str, Any]]) -> None:
    from selenium.webdriver.support.select import Select

    reason = next(row["reasons"][0] for row in rows if row["reasons"])
    Select(find(page, "#reason")).select_by_visible_text(reason)
    count = sum(reason in row["reasons"] for row in rows)
    assert find(page, "#rejected-count").text.startswith(f"{count} ")
    Select(find(page, "#order")).select_by_visible_text("chrf, lowest first")
    shown = [item.text for item in page.find_elements("css selector", "#kept-rows > li")]
    values = [float(found[1]) for text in shown if (found := re.search(r"chrf ([\d.]+)", text))]
    lowest = sorted(
        row["scores"]["chrf"] for row in rows if not row["reasons"] and row["scores"]["chrf"] is not None
    )
    assert values == pytest.approx(lowest[: len(values)], rel=1e-3)


def test_filters_by_answer_type_engine_and_band_and_their_rows_as_csv(
    page: Any, rows: list[dict[str, Any]]
) -> None:
    from selenium.webdriver.support.select import Select

    Select(find(page, "#type")).select_by_visible_text("yes/no")
    Select(find(page, "#engine")).select_by_visible_text("mini")
    Select(find(page, "#band")).select_by_visible_text("chrf")
    find(page, "#from").send_keys("40")
    find(page, "#to").send_keys("60")
    wanted = [
        row
        for row in rows
        if row["answer_type"] == "yes/no" and row["scores"]["chrf"] and 40 <= row["scores"]["chrf"] <= 60
    ]
    kept = [row for row in wanted if not row["reasons"]]
    assert find(page, "#kept-count").text.startswith(f"{len(kept)} of ")
    page.execute_script("URL.createObjectURL = (blob) => { window.saved = blob.text(); return '#'; }")
    find(page, "#download").send_keys("\ue007")  # Enter
    text = page.execute_async_script("window.saved.then(arguments[0])")
    lines = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [line["question_id"] for line in lines] == [
        str(row["question_id"]) for row in [*kept, *(row for row in wanted if row["reasons"])]
    ]
    assert {line["answer_type"] for line in lines} == {"yes/no"}
    assert [line["question"] for line in lines[: len(kept)]] == [row["question"] for row in kept]


def test_the_picture_stands_beside_its_row(page: Any) -> None:
    pictures = page.find_elements("css selector", "#kept-rows img.picture")
    assert len(pictures) == 15
    sizes = "return [...arguments[0]].map((one) => [one.complete && one.naturalWidth, one.alt])"
    page.execute_script("arguments[0].forEach((one) => { one.loading = 'eager'; })", pictures)
    assert all(0 < width <= 112 and alt for width, alt in page.execute_script(sizes, pictures))


def test_everything_works_from_the_keyboard(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    find(page, "body").send_keys(Keys.TAB)
    assert page.switch_to.active_element.text == "Skip to the overview"
    moved = slider(page, "chrf", "low")
    before, text = int(moved.get_attribute("value")), moved.get_attribute("aria-valuetext")
    moved.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert int(moved.get_attribute("value")) == before + 2
    assert moved.get_attribute("aria-valuetext") != text
    assert page.execute_script("return getComputedStyle(arguments[0]).outlineStyle", moved) == "solid"
    find(page, "#reset").send_keys(Keys.ENTER)
    assert int(moved.get_attribute("value")) == before
    assert find(page, "#change").text == "as released"
    find(page, "#kept-more").send_keys(Keys.ENTER)
    assert len(page.find_elements("css selector", "#kept-rows > li")) == 30
    assert page.switch_to.active_element.tag_name == "li"
    controls = "return [...document.querySelectorAll('input, select, button')]"
    assert page.execute_script(f"{controls}.every((one) => one.labels?.length || one.textContent.trim())")


def test_nothing_is_asked_of_the_network(browser: Any, release: Path) -> None:
    browser.get("about:blank")
    for log in ("browser", "performance"):
        browser.get_log(log)
    address = (release / "report.html").as_uri()
    browser.get(address)
    move(browser, slider(browser, "chrf", "low"), 3)
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert {url for url in asked if not url.startswith("data:")} == {address}
    assert browser.get_log("browser") == []


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_it_can_be_read_in_every_theme_and_width(page: Any, theme: str, width: int, tmp_path: Path) -> None:
    assert_readable(page, theme, width)
    paper = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 200) == (theme == "dark")
    taken = page.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
    (tmp_path / f"{theme}-{width}.png").write_bytes(base64.b64decode(taken["data"]))
    assert (tmp_path / f"{theme}-{width}.png").stat().st_size > 50_000


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_sheet_and_comparison_can_be_read_too(
    browser: Any, release: Path, theme: str, width: int, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(release, other)
    manifest = other / "manifest.json"
    manifest.write_text(
        manifest.read_text(encoding="utf-8").replace('"policy|', '"policy|x'), encoding="utf-8"
    )
    texts = {
        "sheet": sheet.html_page(review_sheet(release, 6), "sample-ja"),
        "diff": pages.html(diff(release, other)),
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
        browser.get((tmp_path / f"{name}.html").as_uri())
        assert_readable(browser, theme, width)


def test_japanese_is_marked_as_such_and_asks_for_japanese_fonts(page: Any) -> None:
    target = find(page, "#kept-rows .target")
    assert target.get_attribute("lang") == "ja"
    assert "JP" in page.execute_script("return getComputedStyle(arguments[0]).fontFamily", target)


def test_all_rows_are_on_the_page_of_a_small_release(page: Any, rows: list[dict[str, Any]]) -> None:
    ids = explorer(page)["rows"]["id"]
    assert ids == pa.array([row["question_id"] for row in rows]).cast(pa.string()).to_pylist()
    assert number(page, "#kept") == sum(not row["reasons"] for row in rows)
