"""How far the scorer ``judge`` agrees with the grades of rows that were read: five axes, one recorded model.

    python -m recipes.policy.llm_judge

``judge_replies.tsv`` holds what a large language model said of 110 rows a language of ``held_out.tsv``, drawn
at random, in the words of ``judge_rubric.md``. It saw source and translation alone: no grade, no score, no
back-translation; 27 questions whose grades it had seen before were left out. The grades were given
by a model of the same family in earlier sessions, so that this measures whether the rubric brings the same
judgement again, and no person's opinion.

The replies are served by an HTTP endpoint on this machine, and all that lies on the way there is what a build
uses: requests of ten pairs, JSON out, the scorer's own checks. Beside the judge stands the round trip's chrF.
``wrong found`` counts wrong rows up to 0.25, ``right lost`` right ones.
"""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recipes.policy.common import auc, pairs, scores, table
from recipes.policy.graded_rows import DRAWS, LANGUAGES, held_out
from vqa_builder.quality.scorers.judge import AXES

GRADES = ("wrong", "flawed", "right")
BOUNDS = (0.25, 0.5)  # wrong up to the first, flawed up to the second
Reply = dict[tuple[str, str], dict[str, int]]


def recorded() -> tuple[Reply, dict[str, list[tuple[str, str]]]]:
    """The numbers of each pair, and the pairs of each language."""
    with Path(__file__).with_name("judge_replies.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    keys = {row["language"]: [] for row in rows}  # type: dict[str, list[tuple[str, str]]]
    for row in rows:
        keys[row["language"]].append((row["en"], row["translation"]))
    return {(row["en"], row["translation"]): {axis: int(row[axis]) for axis in AXES} for row in rows}, keys


@contextmanager
def endpoint(replies: Reply) -> Iterator[str]:
    """The address of a chat endpoint that knows these replies and nothing else."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            items = json.loads(body["messages"][1]["content"])["items"]
            told = [{"id": item["id"], **replies[item["source"], item["translation"]]} for item in items]
            message = {"role": "assistant", "content": json.dumps({"items": told})}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            sent = json.dumps({"object": "chat.completion", "choices": [choice]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()


def kappa(one: NDArray[np.int64], other: NDArray[np.int64], weighted: bool) -> float:
    """Cohen's kappa of two graders, with quadratic weights if wanted (Cohen 1968)."""
    size = len(GRADES)
    counts = np.zeros((size, size))
    np.add.at(counts, (one, other), 1)
    expected = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    cost = apart**2 if weighted else apart > 0
    return float(1 - (cost * counts).sum() / (cost * expected).sum())


def rows_for(language: str, address: str, keys: list[tuple[str, str]]) -> list[list[str]]:
    """The rows of the table for a language: the judge, its axes, and chrF."""
    known = {(row["en"], row["translation"]): row for draw in DRAWS for row in held_out(language, draw)}
    rows = [known[key] for key in keys]
    columns = ([row[name] for row in rows] for name in ("en", "translation", "back_translation"))
    source, made, back = columns
    options = {"base_url": address, "model": "recorded", "json_mode": "object"}
    measured = scores(pairs(source, list(made), list(back)), language, {"judge": options, "chrf": {}})
    grades = np.array([GRADES.index(row["verdict"]) for row in rows])
    wrong, right = grades == 0, grades == 2
    found = []
    for name in ("judge", *(f"judge_{axis}" for axis in AXES), "chrf"):
        values = measured[name].to_numpy()
        areas = [f"{auc(-values, wrong):.2f}", f"{auc(values, right):.2f}"]
        agreement = ["", "", "", ""]
        if name == "judge":
            said = np.digitize(values, BOUNDS, right=True)
            agreement = [f"{kappa(grades, said, weighted):.2f}" for weighted in (False, True)]
            low = values <= BOUNDS[0]
            agreement += [
                f"{(low & wrong).sum()} of {wrong.sum()}",
                f"{(low & right).sum()} of {right.sum()}",
            ]
        found.append([language, name, str(int(np.isfinite(values).sum())), *areas, *agreement])
    return found


def main() -> None:
    """Print the table."""
    replies, keys = recorded()
    with endpoint(replies) as address:
        rows = [row for language in LANGUAGES for row in rows_for(language, address, keys[language])]
    header = ["language", "score", "rows", "AUC wrong", "AUC right", "kappa", "weighted kappa"]
    print(table([*header, "wrong found", "right lost"], rows))


if __name__ == "__main__":
    main()
