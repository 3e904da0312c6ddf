"""The sheet as a page: one question at a time, judged from the keyboard, saved as the CSV to import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vqa_builder.report import page
from vqa_builder.review import sheet_csv
from vqa_builder.review.sheet import Sheet

TEMPLATES = Path(__file__).parent / "templates"


def render(sheet: Sheet, title: str) -> str:
    """The page.

    Args:
        sheet: what is asked.
        title: names the releases.

    Returns:
        An HTML document that loads nothing from anywhere. It keeps its progress in the browser, under a name
        that is the hash of what is asked, and downloads the sheet with what was filled in.

    Example::

        Path("sheet.html").write_text(render(sheet, "vqa-ja"), encoding="utf-8")
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    document: str = environment.get_template("review.html.j2").render(
        title=title,
        count=len(sheet.rows),
        common=(page.TEMPLATES / "common.css").read_text(encoding="utf-8"),
        style=(TEMPLATES / "review.css").read_text(encoding="utf-8"),
        script=(TEMPLATES / "review.js").read_text(encoding="utf-8"),
        data=page.json_element(_data(sheet)),
    )
    return document


def _data(sheet: Sheet) -> dict[str, Any]:
    """What the script reads: cells as the CSV writes them, so that both sheets hold the same."""
    rows = [[sheet_csv.plain(row.get(name, "")) for name in sheet.columns] for row in sheet.rows]
    return {"name": sheet.name, "columns": sheet.columns, "filled": sheet_csv.FILLED_IN, "rows": rows}
