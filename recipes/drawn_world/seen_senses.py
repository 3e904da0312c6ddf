"""Which sense of an answer is meant, with and without the picture, on drawn pictures of homographs.

    python -m recipes.drawn_world.seen_senses [--questions 500] [--images ambiguous]

Draws pictures of glasses, bats, oranges, watches, lights, trunks and glass in two senses each, asks a
question about each of which some tell the sense, and has ``vqa_builder`` find the senses: without pictures,
and with a chat endpoint that sees them. The endpoint is a stand-in for a vision-language model: a small HTTP
server in this process that compares the pixels it is sent with other drawn pictures whose senses it knows
(the nearest one counts). It is told nothing of the scenes, and knows no other pictures than drawn ones.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import random
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from recipes.drawn_world.figures import (
    animals,
    colours as c,
    food,
    objects,
    outdoors,
    people,
    rooms,
    vehicles,
)
from recipes.drawn_world.figures.canvas import Box, Canvas
from vqa_builder.pipeline import read_questions
from vqa_builder.schema import IMAGE
from vqa_builder.spec import Spec
from vqa_builder.steps.build_context import open_build

Draw = Callable[[Canvas, Box], object]
SMALL = (32, 24)
"""Pixels that the stand-in compares."""

OPEN = ("What is this?", "What can be seen in the picture?", "What did somebody draw here?", "What is shown?")
TELLING = {
    ("glasses", "vessel"): "What is there to drink from?",
    ("bat", "animal"): "What animal is this?",
    ("orange", "colour"): "What color is the car?",
    ("watch", "action"): "What is the person going to do with the tv?",
    ("light", "weight"): "Is this heavy or light?",
    ("trunk", "tree"): "What part of the tree is brown?",
    ("glass", "vessel"): "What is there to drink from?",
}


def _two(draw: Draw) -> Draw:
    def twice(canvas: Canvas, box: Box) -> None:
        half = box.width / 2
        draw(canvas, Box(box.x, box.y, half - 4, box.height))
        draw(canvas, Box(box.x + half + 4, box.y, half - 4, box.height))

    return twice


def _viewer(canvas: Canvas, box: Box) -> None:
    objects.draw_tv(canvas, Box(box.x, box.y, box.width * 0.55, box.height * 0.6))
    people.draw_person(
        canvas, Box(box.x + box.width * 0.55, box.y, box.width * 0.4, box.height), people.Look()
    )


SENSES: Mapping[tuple[str, str], Draw] = {
    ("glasses", "vessel"): _two(food.draw_drink),
    ("glasses", "eyewear"): lambda canvas, box: objects.draw_glasses(
        canvas, Box(box.x, box.y + box.height * 0.3, box.width, box.height * 0.4)
    ),
    ("bat", "animal"): animals.draw_bat,
    ("bat", "sport"): lambda canvas, box: objects.draw_baseball_bat(
        canvas, box.x, box.y + box.height, box.x + box.width, box.y
    ),
    ("orange", "colour"): lambda canvas, box: vehicles.draw_car(canvas, box, c.ORANGE),
    ("orange", "fruit"): food.draw_orange,
    ("watch", "action"): _viewer,
    ("watch", "timepiece"): lambda canvas, box: objects.draw_watch(canvas, box, 3, 0),
    ("light", "weight"): objects.draw_feather,
    ("light", "lamp"): objects.draw_lamp,
    ("trunk", "tree"): outdoors.draw_tree,
    ("trunk", "elephant"): animals.draw_elephant,
    ("glass", "material"): rooms.draw_window,
    ("glass", "vessel"): food.draw_wine_glass,
}


class Drawn(NamedTuple):
    """A picture of one sense, the question about it and whether the question tells the sense."""

    answer: str
    sense: str
    question: str
    told: bool
    picture: bytes


class Figures(NamedTuple):
    """Shares of questions whose answer got the sense that was drawn, 0 to 1; and requests to the endpoint."""

    without: float
    without_where_open: float
    seen: float
    seen_where_open: float
    requests: int


def drawn(count: int, seed: int) -> list[Drawn]:
    """Pictures and questions; equal seeds give equal ones.

    >>> [(one.answer, one.sense) for one in drawn(2, seed=0)]
    [('glasses', 'vessel'), ('glasses', 'eyewear')]
    """
    chance = random.Random(seed)
    found = []
    for number in range(count):
        answer, sense = list(SENSES)[number % len(SENSES)]
        canvas = Canvas.blank(chance.choice(["#f2e3c9", "#d5dde6", "#e4efe0", "#c9b18f", "#ffffff"]))
        size = chance.uniform(0.55, 0.95)
        width, height = 300 * size, 220 * size
        corner = chance.uniform(5, 315 - width), chance.uniform(5, 235 - height)
        SENSES[answer, sense](canvas, Box(*corner, width, height))
        stream = io.BytesIO()
        canvas.finish().save(stream, "PNG")
        telling = TELLING.get((answer, sense))
        told = telling is not None and chance.random() < 0.4
        question = telling if telling and told else chance.choice(OPEN)
        found.append(Drawn(answer, sense, question, told, stream.getvalue()))
    return found


def measure(questions: list[Drawn], folder: Path, images: str = "ambiguous") -> Figures:
    """Find the senses of the answers, without and with their pictures.

    Args:
        questions: what is asked.
        folder: for the table of questions and the builds.
        images: the engine's setting: ``ambiguous`` or ``always``.
    """
    write(questions, folder)
    blind = _senses(spec(folder, {"type": "mini"}), folder / "blind")
    with endpoint(Nearest.of(drawn(20 * len(SENSES), seed=1))) as (address, server):
        engine = {"type": "openai", "base_url": address, "model": "nearest-picture", "images": images}
        seeing = _senses(spec(folder, engine), folder / "seeing")
        requests = server.requests
    wanted = [one.sense for one in questions]
    still_open = [place for place, one in enumerate(questions) if not one.told]

    def share(found: list[str], places: list[int]) -> float:
        return sum(found[place] == wanted[place] for place in places) / max(1, len(places))

    every = list(range(len(questions)))
    return Figures(
        without=share(blind, every),
        without_where_open=share(blind, still_open),
        seen=share(seeing, every),
        seen_where_open=share(seeing, still_open),
        requests=requests,
    )


def write(questions: list[Drawn], folder: Path) -> None:
    """The questions with their pictures, as the table that ``spec`` names."""
    rows = {
        "image": pa.array([{"bytes": one.picture, "path": None} for one in questions], IMAGE),
        "question": [one.question for one in questions],
        "answers": [[one.answer] for one in questions],
    }
    pq.write_table(pa.table(rows), folder / "questions.parquet", row_group_size=100)


def spec(folder: Path, engine: Mapping[str, Any]) -> Spec:
    """A build of these questions with an engine."""
    made = Spec.model_validate(
        {
            "name": "senses",
            "languages": ["ja"],
            "source": {
                "type": "table",
                "splits": {"train": str(folder / "questions.parquet")},
                "columns": {"question_id": None, "image_id": None},
            },
            "translate": {"engine": engine},
            "answers": {"vocabulary": {"min_count": 1}},
        }
    )
    return made.model_copy(update={"folder": folder})


def _senses(build: Spec, out: Path) -> list[str]:
    """The sense of every row's answer, as a build finds it."""
    with open_build(build, out, workers=1) as job:
        found: list[str] = read_questions(job).senses.table["winner"].to_pylist()
    return found


@dataclass(frozen=True)
class Nearest:
    """The stand-in for a model that sees: the nearest of the pictures that it knows, by their pixels."""

    pixels: NDArray[np.float32]
    senses: list[tuple[str, str]]

    @classmethod
    def of(cls, known: list[Drawn]) -> Nearest:
        """One that knows some pictures."""
        return cls(
            np.stack([_pixels(one.picture) for one in known]), [(one.answer, one.sense) for one in known]
        )

    def sense(self, picture: bytes, answer: str, senses: list[str]) -> str:
        """Which of some senses a picture shows."""
        distance = np.square(self.pixels - _pixels(picture)).sum(axis=1)
        asked = [
            place for place, known in enumerate(self.senses) if known[0] == answer and known[1] in senses
        ]
        return self.senses[min(asked, key=distance.__getitem__)][1] if asked else senses[-1]


def _pixels(picture: bytes) -> NDArray[np.float32]:
    """The figure of a picture cut out of its background, at one small size."""
    with Image.open(io.BytesIO(picture)) as image:
        colours = np.asarray(image.convert("RGB"), np.float32)
    differs = np.abs(colours - colours[2, 2]).sum(axis=2) > 60
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if len(rows) and len(columns):
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        colours = np.where(differs[..., None], colours, 255.0)[top:bottom, left:right]
    small = Image.fromarray(colours.astype(np.uint8)).resize(SMALL)
    return np.asarray(small, np.float32).ravel() / np.float32(255)


@dataclass
class Served:
    """What was asked of the stand-in.

    Attributes:
        requests: with a picture.
        sides: pixels of the longer side of each.
    """

    model: Nearest
    requests: int = 0
    sides: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A chat completion for one request."""
        text, shown = body["messages"][1]["content"]
        (item,) = json.loads(text["text"])["items"]
        picture = base64.b64decode(shown["image_url"]["url"].partition(",")[2])
        with self.lock, Image.open(io.BytesIO(picture)) as image:
            self.requests += 1
            self.sides.append(max(image.size))
        sense = self.model.sense(picture, item["text"], item["senses"])
        content = json.dumps({"items": [{"id": 1, "text": item["text"], "translation": sense}]})
        message = {"role": "assistant", "content": content}
        return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


@contextmanager
def endpoint(model: Nearest) -> Iterator[tuple[str, Served]]:
    """A chat endpoint on this machine, behind which the stand-in looks at pictures."""
    served = Served(model)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = json.dumps(served.reply(body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", served
    finally:
        server.shutdown()
        server.server_close()


def main() -> None:
    """Draw, ask, and print the table of the README."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--images", choices=("ambiguous", "always"), default="ambiguous")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(drawn(arguments.questions, seed=0), Path(folder), arguments.images)
    print(f"{arguments.questions} questions, {figures.requests} requests with a picture")
    print("| senses right | all questions | questions that do not tell the sense |")
    print("|---|---:|---:|")
    print(f"| without the picture | {figures.without:.1%} | {figures.without_where_open:.1%} |")
    print(f"| with the picture | {figures.seen:.1%} | {figures.seen_where_open:.1%} |")


if __name__ == "__main__":
    main()
