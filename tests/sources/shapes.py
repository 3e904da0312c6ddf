"""Small data sets in the exact forms of known ones, with content of our own.

Names of fields, nesting, types and file formats follow the cards and loaders of the originals; questions,
answers and drawn pictures are ours.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from PIL import Image, ImageDraw

Rows = list[dict[str, Any]]
FACES = ("relevance", "image_correspondence", "visual_dependency", "formatting")


class Shape(NamedTuple):
    """One form.

    Attributes:
        source: the plug-in that reads it.
        form: a hub data set (Parquet with features), JSON, or TSV.
        rows: its records; a mapping of ids to records in ``problems.json``.
    """

    source: str
    form: Literal["hub", "json", "tsv"]
    rows: Any


def picture(*shapes: tuple[str, str, tuple[int, int, int, int]]) -> bytes:
    """A PNG of 48 x 32 pixels with ellipses, rectangles or lines in their colours."""
    image = Image.new("RGB", (48, 32), "white")
    for kind, colour, box in shapes:
        getattr(ImageDraw.Draw(image), kind)(box, fill=colour)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def embedded(name: str, *shapes: tuple[str, str, tuple[int, int, int, int]]) -> dict[str, Any]:
    """A picture as a hub data set holds it."""
    return {"bytes": picture(*shapes), "path": name}


BUS = embedded("bus.png", ("rectangle", "red", (6, 8, 42, 24)), ("ellipse", "black", (10, 20, 18, 28)))
TABLE = embedded("table.png", ("rectangle", "brown", (4, 18, 44, 22)), ("ellipse", "orange", (20, 8, 30, 18)))
SCAN = embedded("scan.png", ("ellipse", "black", (8, 2, 40, 30)), ("ellipse", "gray", (14, 6, 34, 26)))
BARS = embedded("bars.png", ("rectangle", "blue", (6, 12, 14, 30)), ("rectangle", "green", (20, 4, 28, 30)))
LETTER = embedded("letter.png", ("line", "black", (4, 6, 44, 6)), ("line", "black", (4, 12, 30, 12)))
CHAIN = embedded("chain.png", ("ellipse", "green", (2, 12, 12, 22)), ("ellipse", "gray", (32, 12, 44, 22)))


def turns(*texts: str) -> Rows:
    """A conversation: person and model by turns."""
    return [{"from": ("human", "gpt")[place % 2], "value": text} for place, text in enumerate(texts)]


def texts(*pairs: tuple[str, str], **more: str) -> Rows:
    """The same as pairs of user and assistant."""
    return [{"user": user, "assistant": assistant, **more} for user, assistant in pairs]


LLAVA: Rows = [
    {
        "id": "000000033471",
        "image": "000000033471.jpg",
        "conversations": turns(
            "<image>\nWhat color is the bus?",
            "The bus is red.",
            "How many people are standing next to the bus?",
            "There are two people standing next to the bus.",
            "Is it raining?",
            "No, the sky is clear and the street is dry.",
        ),
    },
    {
        "id": "000000052846",
        "image": "coco/train2017/000000052846.jpg",
        "conversations": turns(
            "What is the cat doing in the image?\n<image>",
            "The cat is sleeping on a green couch.\n\n"
            "Next to the cat there are:\n- a book\n- a pair of glasses\n- a cup of tea",
        ),
    },
    {
        "id": "VG_2331",
        "image": "vg/VG_100K/2331.jpg",
        "conversations": turns(
            "<image>\nPlease provide the bounding box coordinate of the region this sentence describes:"
            " man in a blue shirt",
            "[0.32, 0.18, 0.57, 0.91]",
        ),
    },
    {
        "id": "text_17",
        "conversations": turns("Why do leaves change color in autumn?", "They lose their green."),
    },
]
ONEVISION: Rows = [
    {
        "id": "chart_0001",
        "image": BARS,
        "conversations": turns(
            "<image>\nWhich bar is the tallest?\nAnswer the question using a single word or phrase.", "Green"
        ),
        "data_source": "chart2text(cauldron)",
    },
    {
        "id": "bus_0002",
        "image": BUS,
        "conversations": turns(
            "<image>\nWhat is in front of the house?\nA. a bus\nB. a car\nC. a train\n"
            "Answer with the option's letter from the given choices directly.",
            "A",
        ),
        "data_source": "vqav2",
    },
    {
        "id": "text_0003",
        "image": None,
        "conversations": turns("What is 2 + 3?", "5"),
        "data_source": "mathqa",
    },
]
FINEVISION: Rows = [
    {
        "images": [TABLE],
        "texts": texts(
            ("What fruit is on the table?", "An orange is on the table."),
            ("What color is the table?", "The table is brown."),
        ),
        "source": "vqav2",
    },
    {"images": [BUS, TABLE], "texts": texts(("What is different between the pictures?", "One shows a bus.")),
     "source": "spot_the_diff"},
]  # fmt: skip
FROG = (
    "Question: What does the frog eat?\nChoices:\nA. grass\nB. insects\nC. stones\nD. wood\n"
    "Answer with the letter."
)
CAULDRON: Rows = [
    {
        "images": [CHAIN],
        "texts": texts(
            (
                FROG,
                "Answer: B",
            ),
            source="AI2D",
        ),
    },
    {
        "images": [BUS],
        "texts": texts(("Is the bus red?\nGive a very brief answer.", "Yes."), source="VQAv2"),
    },
]


def science(number: int, question: str, choices: Sequence[str], answer: int, **more: Any) -> dict[str, Any]:
    """A problem of ScienceQA; ``more`` replaces what it has by default."""
    problem = {"question": question, "choices": list(choices), "answer": answer, "hint": "", "image": None}
    problem |= {"task": "closed choice", "grade": f"grade{number}", "subject": "natural science"}
    problem |= {"topic": "physics", "category": "Materials", "skill": "Compare properties of objects"}
    return problem | {"lecture": "", "solution": ""} | more


PROBLEMS = [
    science(
        2,
        "Which object is made of wood?",
        ["chair", "window", "spoon", "ball"],
        0,
        image="image.png",
        hint="Look at the picture.",
        lecture="An object is made of one or more materials.\nWood comes from trees. Glass is hard.",
        solution="The chair is made of wood. The window is made of glass.",
    ),
    science(
        3,
        "Which word is a verb?",
        ["run", "red", "dog"],
        0,
        subject="language science",
        topic="verbs",
        solution='The word "run" tells what somebody does. It is a verb.',
    ),
    science(
        4,
        "Would you find the word sheep on a dictionary page with the following guide words?\nsap - sock",
        ["yes", "no"],
        0,
        hint="The first letter is the same.",
    ),
    science(
        5,
        "Which place is the coldest?",
        ["a snowy mountain", "a warm beach", "a kitchen"],
        0,
        image="image.png",
        lecture="Temperature:\n| place | degrees |\n|---|---|\n| mountain | -5 |\n| beach | 28 |",
        solution="A snowy mountain is cold.\n\n**It is the coldest place.**",
    ),
]


def knowledge(number: str, question: str, choices: Sequence[str], right: int, **more: Any) -> dict[str, Any]:
    """A question of A-OKVQA."""
    given = [choices[right]] * 7 + [choices[(right + 1) % len(choices)]] * 3
    row = {
        "split": "train",
        "image_id": int(number) + 299207,
        "question_id": f"22MexNkBPpdZGX6sxbxVB{number}",
    }
    row |= {"question": question, "choices": list(choices), "correct_choice_idx": right}
    return row | {"direct_answers": given, "difficult_direct_answer": False, **more}


A_OKVQA: Rows = [
    knowledge(
        "1",
        "What is the man by the bags waiting for?",
        ["train", "bus", "cab", "delivery"],
        2,
        rationales=[
            "A train would not be on the street.",
            "He is near the road with his bags.",
            "Cabs stop here.",
        ],
    ),
    knowledge(
        "2",
        "Where is the boat?",
        ["river", "road", "street", "garden"],
        0,
        rationales=["Boats float on water.", 'The water is a "river".', "The boat is on the river."],
    ),
    knowledge(
        "3",
        "What is on the girl's face?",
        ["glasses", "glass", "hat", "mask"],
        0,
        rationales=["She needs them to read.", "There are glasses on her face.", "Glasses sit on the nose."],
    ),
]
AI2D: Rows = [
    {
        "question": "From the food chain, what do frogs eat?",
        "options": ["insects", "snakes", "grass", "hawks"],
        "answer": "0",
        "image": CHAIN,
    },
    {
        "question": "Which letter shows the leaf?",
        "options": ["B", "A", "D", "C"],
        "answer": "3",
        "image": CHAIN,
    },
]


def benchmark(index: int, question: str, options: Sequence[str], answer: str, **more: str) -> dict[str, Any]:
    """A row of MMBench: four columns of options, fewer of which may be filled."""
    row = {"index": index, "question": question, "hint": ""}
    row |= dict(zip("ABCD", [*options, "", ""], strict=False)) | {
        "answer": answer,
        "category": "object_localization",
    }
    row |= {"image": base64.b64encode(BUS["bytes"]).decode(), "source": "drawn"}
    return row | {"l2-category": "finegrained_perception", "comment": "", "split": "dev"} | more


MMBENCH: Rows = [
    benchmark(
        241, "Where is the bus?", ["on the left", "on the right", "in the middle", "behind the house"], "C"
    ),
    benchmark(
        252,
        "What color is the bus?",
        ["red", "blue", "green", "yellow"],
        "A",
        hint="The bus is in the middle of the picture.",
        category="attribute_recognition",
    ),
    benchmark(1000263, "Is the bus moving?", ["yes", "no"], "B"),
]
DOCVQA: Rows = [
    {
        "questionId": 337,
        "question": "What is the date of the letter?",
        "question_types": ["handwritten", "form"],
        "image": "documents/xnbl0037_1.png",
        "docId": 279,
        "ucsf_document_id": "xnbl0037",
        "ucsf_document_page_no": "1",
        "answers": ["1/8/93", "January 8, 1993"],
        "data_split": "val",
    },
    {
        "questionId": 338,
        "question": "What is the name of the company?",
        "question_types": ["layout"],
        "image": "documents/mxcn0020_1.png",
        "docId": 280,
        "ucsf_document_id": "mxcn0020",
        "ucsf_document_page_no": "1",
        "answers": ["Green Valley Paper Co.", "green valley paper co."],
        "data_split": "val",
    },
    {
        "questionId": 339,
        "question": "How many copies were sent?",
        "question_types": ["table/list", "others"],
        "image": "documents/mxcn0020_2.png",
        "docId": 281,
        "ucsf_document_id": "mxcn0020",
        "ucsf_document_page_no": "2",
        "answers": ["12"],
        "data_split": "val",
    },
]
CHARTQA: Rows = [
    {"image": BARS, "query": "How many bars are there?", "label": ["2"], "human_or_machine": 0},
    {"image": BARS, "query": "What color is the tallest bar?", "label": ["Green"], "human_or_machine": 0},
    {
        "image": BARS,
        "query": "What was the share of Japan in 2019?",
        "label": ["62.4"],
        "human_or_machine": 1,
    },
]
VQA_RAD: Rows = [
    {"image": SCAN, "question": "Is there a fracture?", "answer": "no"},
    {"image": SCAN, "question": "Where is the mass?", "answer": "left lung"},
    {"image": SCAN, "question": "Is the heart enlarged?", "answer": "Yes"},
]
OK_VQA: Rows = [
    {
        "question_id": "2971475",
        "image": TABLE,
        "question": "What fruit is shown here?",
        "answers": ["orange"] * 6 + ["fruit"] * 4,
        "question_type": "six",
        "answer_type": "other",
    },
    {
        "question_id": "3397615",
        "image": BUS,
        "question": "What is the name of the vehicle?",
        "answers": ["bus"] * 8 + ["red bus"] * 2,
        "question_type": "one",
        "answer_type": "other",
    },
]
MMMU: Rows = [
    {
        "id": "validation_Biology_7",
        "question": "<image 1> Which animal is the predator?",
        "options": "['frog', \"bird's egg\", 'snake', 'tree']",
        "explanation": "The snake eats the frog.",
        "image_1": CHAIN,
        "image_2": None,
        "img_type": "['Diagrams']",
        "answer": "C",
        "topic_difficulty": "Easy",
        "question_type": "multiple-choice",
        "subfield": "Ecology",
    },
    {
        "id": "validation_Math_3",
        "question": "What is the area of the square in <image 1>?",
        "options": "[]",
        "explanation": "",
        "image_1": BARS,
        "image_2": None,
        "img_type": "['Geometric Shapes']",
        "answer": "16",
        "topic_difficulty": "Medium",
        "question_type": "open",
        "subfield": "Geometry",
    },
]
ARC: Rows = [
    {
        "id": "drawn_1",
        "question": "Which of these is an animal?",
        "choices": {"text": ["dog", "stone", "tree", "river"], "label": ["A", "B", "C", "D"]},
        "answerKey": "A",
    },
    {
        "id": "drawn_2",
        "question": "What do plants need to grow?",
        "choices": {"text": ["water", "plastic", "iron"], "label": ["1", "2", "3"]},
        "answerKey": "1",
    },
]

SHAPES: dict[str, Shape] = {
    "llava": Shape("llava", "json", LLAVA),
    "onevision": Shape("llava", "hub", ONEVISION),
    "finevision": Shape("finevision", "hub", FINEVISION),
    "cauldron": Shape("finevision", "hub", CAULDRON),
    "scienceqa_json": Shape(
        "multiple_choice",
        "json",
        {str(number): row | {"split": "train"} for number, row in enumerate(PROBLEMS, 1)},
    ),
    "scienceqa_hub": Shape(
        "multiple_choice", "hub", [row | {"image": row["image"] and TABLE} for row in PROBLEMS]
    ),
    "a_okvqa": Shape("multiple_choice", "json", A_OKVQA),
    "ai2d": Shape("multiple_choice", "hub", AI2D),
    "mmbench": Shape("multiple_choice", "tsv", MMBENCH),
    "docvqa_json": Shape("docvqa", "json", DOCVQA),
    "docvqa_hub": Shape(
        "docvqa", "hub", [row | {"image": LETTER, "questionId": str(row["questionId"])} for row in DOCVQA]
    ),
    "chartqa": Shape("chartqa", "hub", CHARTQA),
    "vqa_rad": Shape("vqa_rad", "hub", VQA_RAD),
    "ok_vqa": Shape("vqa_rad", "hub", OK_VQA),
    "mmmu": Shape("multiple_choice", "hub", MMMU),
    "arc": Shape("multiple_choice", "hub", ARC),
}


def features(name: str) -> Any:
    """The features of a hub data set, as its card states them."""
    from datasets import ClassLabel, Features, Image, Sequence, Value

    string, image = Value("string"), Image()
    ratings: dict[str, Any] = {}
    for face in FACES:
        ratings |= {f"{face}_ratings": Sequence(Value("int64")), f"{face}_min": Value("int64")}
    pair = {"user": string, "assistant": string}
    of_problems = dict.fromkeys(PROBLEMS[0], string)
    known: dict[str, dict[str, Any]] = {
        "onevision": {"id": string, "image": image, "conversations": [{"from": string, "value": string}]}
        | {"data_source": string},
        "finevision": {"images": Sequence(image), "texts": [pair], "source": string, **ratings},
        "cauldron": {"images": Sequence(image), "texts": [{**pair, "source": string}]},
        "scienceqa_hub": of_problems | {"image": image, "choices": Sequence(string), "answer": Value("int8")},
        "ai2d": {"question": string, "options": Sequence(string), "answer": string, "image": image},
        "docvqa_hub": dict.fromkeys(DOCVQA[0], string)
        | {"question_types": Sequence(string), "image": image, "docId": Value("int64")}
        | {"answers": Sequence(string)},
        "chartqa": {"image": image, "query": string, "label": [string]}
        | {"human_or_machine": ClassLabel(names=["human", "machine"])},
        "vqa_rad": {"image": image, "question": string, "answer": string},
        "ok_vqa": {"question_id": string, "image": image, "question": string, "answers": Sequence(string)}
        | {"question_type": string, "answer_type": string},
        "mmmu": dict.fromkeys(MMMU[0], string) | {"image_1": image, "image_2": image},
        "arc": {"id": string, "question": string, "answerKey": string}
        | {"choices": {"text": [string], "label": [string]}},
    }
    return Features(known[name])


def hub_rows(name: str) -> Rows:
    """The rows of a hub data set; those of FineVision with their ratings."""
    rows: Rows = SHAPES[name].rows
    if name != "finevision":
        return rows
    rated = []
    for row in rows:
        scores = [5 - place % 2 for place in range(len(row["texts"]))]
        ratings = {f"{face}_ratings": scores for face in FACES} | {
            f"{face}_min": min(scores) for face in FACES
        }
        rated.append(row | ratings)
    return rated


def write(name: str, folder: Path) -> dict[str, Any]:
    """Write a shape and say how a spec names it.

    Returns:
        The mapping under ``source:``, with ``type``.
    """
    shape = SHAPES[name]
    folder.mkdir(parents=True, exist_ok=True)
    if shape.form == "hub":
        import datasets

        path = folder / "data" / "train-00000-of-00001.parquet"
        path.parent.mkdir()
        datasets.Dataset.from_list(hub_rows(name), features=features(name)).to_parquet(path)
        return {"type": shape.source, "repo": str(folder)}
    if shape.form == "tsv":
        path = folder / f"{name}.tsv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, shape.rows[0], delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(shape.rows)
    else:
        path = folder / {"scienceqa_json": "problems.json"}.get(name, f"{name}.json")
        whole: Any = shape.rows
        if name == "docvqa_json":
            whole = {
                "dataset_name": "docvqa",
                "dataset_version": "0.1",
                "dataset_split": "val",
                "data": whole,
            }
        path.write_text(json.dumps(whole), encoding="utf-8")
    return {"type": shape.source, "splits": {"train": path.name}}
