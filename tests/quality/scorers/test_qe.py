"""Quality estimation by a real process, a real web server, and a chat endpoint."""

from __future__ import annotations

import ast
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.conftest import ROOT
from vqa_builder.errors import ScorerError, SpecError
from vqa_builder.quality import scoring
from vqa_builder.quality.scorers import qe
from vqa_builder.quality.scorers._qe_workers import CommandWorker, Pair
from vqa_builder.quality.scorers.qe import Qe

Measure = Callable[..., list[Any]]
MakePairs = Callable[..., Any]
KEY = "qe-k3y-of-the-test"
COMET_WORKER = ROOT / "recipes" / "policy" / "qe" / "comet_worker.py"

WORKER = '''
import json, os, sys, time

mode, log = sys.argv[1], sys.argv[2]

def say(content):
    print(content if isinstance(content, str) else json.dumps(content), flush=True)

def fault(number, pairs):
    """What a worker in this mode answers; None where it answers well."""
    scores = [0.5] * len(pairs)
    if mode == "dies":
        sys.exit("CUDA error: out of memory")
    if mode == "hangs":
        time.sleep(60)
    return {
        "garbage": "Downloading model: 100%",
        "a list": [1, 2],
        "short": {"id": number, "scores": scores[1:]},
        "long": {"id": number, "scores": scores + [0.1]},
        "none": {"id": number},
        "nan": '{"id": %d, "scores": [0.1, NaN]}' % number,
        "text": {"id": number, "scores": [0.1, "good"]},
        "true": {"id": number, "scores": [0.1, True]},
        "beyond": {"id": number, "scores": [0.1, 1.2]},
        "another": {"id": number + 1, "scores": scores},
        "error": {"id": number, "error": "ValueError: no such language"},
    }.get(mode)

open(log, "a").write(f"started {os.getpid()}\\n")
if mode == "mute":
    time.sleep(60)
if mode == "stillborn":
    sys.exit("no module named comet")
introduction = {"protocol": 2 if mode == "newer" else 1, "signature": "fake:1| model:" + mode}
say("Loading ..." if mode == "chatty" else introduction)
print("x" * 200_000, file=sys.stderr)
for line in sys.stdin:
    request = json.loads(line)
    pairs = request["pairs"]
    open(log, "a").write(f"{len(pairs)} {request['target_language']}\\n")
    texts = [pair["translation"] for pair in pairs]
    good = [None if text == "?" else len(text) / 20 for text in texts]
    say(fault(request["id"], pairs) or {"id": request["id"], "scores": good})
'''

ROWS = [("Is it red?", "赤いですか？"), ("How many cows are there?", "牛は何頭いますか？")]


@pytest.fixture(autouse=True)
def _new_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No worker is left over from another test, and none stays."""
    made: list[Any] = []
    original = qe._worker.__wrapped__

    def kept(options: str) -> Any:
        made.append(original(options))
        return made[-1]

    monkeypatch.setattr(qe, "_worker", cache(kept))
    yield
    for worker in made:
        worker.close()


@pytest.fixture
def command(tmp_path: Path) -> Callable[[str], list[str]]:
    """The command of a worker that behaves in one way."""
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    return lambda mode: [sys.executable, str(script), mode, str(tmp_path / "log")]


def log_of(folder: Path) -> list[str]:
    """What the worker was asked."""
    return (folder / "log").read_text().splitlines()


def test_a_command_scores_in_batches_and_starts_once(
    command: Callable[[str], list[str]], tmp_path: Path, measure: Measure
) -> None:
    rows = [("Is it red?", text) for text in ("赤いですか？", "?", "है", "लाल है क्या?", "それは赤")]
    options = {"command": command("well"), "batch_size": 2}
    assert measure("qe", "ja", rows, **options) == pytest.approx([0.3, None, 0.1, 0.6, 0.2])
    assert measure("qe", "hi", rows[:1], **options) == pytest.approx([0.3])
    started, *asked = log_of(tmp_path)
    assert started.startswith("started ")
    assert asked == ["2 ja", "2 ja", "1 ja", "1 hi"]


def test_a_command_may_be_one_string(command: Callable[[str], list[str]], measure: Measure) -> None:
    assert measure("qe", "ja", [("cup", "カップ")], command=" ".join(command("well"))) == pytest.approx(
        [0.15]
    )


def test_the_worker_names_itself_in_the_signature(
    command: Callable[[str], list[str]], tmp_path: Path
) -> None:
    made = scoring.build("qe", {"command": command("well")}, "ja")
    assert made.signature == "qe|fake:1| model:well|roles:answer+question|version:1"
    assert len(log_of(tmp_path)) == 1
    assert scoring.build("qe", {"command": command("well"), "roles": ["question"]}, "ja").signature.endswith(
        "|roles:question|version:1"
    )


def test_a_signature_in_the_spec_starts_no_worker(
    command: Callable[[str], list[str]], tmp_path: Path, measure: Measure
) -> None:
    options = {"command": command("well"), "signature": "fake:1| model:well"}
    assert "fake:1" in scoring.build("qe", options, "ja").signature
    assert not (tmp_path / "log").exists()
    assert measure("qe", "ja", ROWS, **options) == pytest.approx([0.3, 0.45])
    with pytest.raises(ScorerError, match="is not the one that was expected") as caught:
        measure("qe", "ja", ROWS, **options | {"signature": "fake:2"})
    assert "found:    fake:1| model:well" in str(caught.value)


def test_roles_choose_what_is_scored(command: Callable[[str], list[str]], make_pairs: MakePairs) -> None:
    scorer = scoring.build("qe", {"command": command("well"), "roles": ["question"]}, "ja")
    assert scorer.score(make_pairs(ROWS, "answer"))["qe"].to_pylist() == [None, None]
    assert scorer.score(make_pairs(ROWS))["qe"].to_pylist() == pytest.approx([0.3, 0.45])


@pytest.mark.parametrize(
    ("mode", "problem", "details"),
    [
        ("dies", "died", "; CUDA error: out of memory"),
        ("stillborn", "died", "exit code 1: no module named comet"),
        ("hangs", "gave no answer in time", "a line within 1 s"),
        ("mute", "gave no answer in time", "a line within 1 s"),
        ("garbage", "wrote something else than JSON", "'Downloading model: 100%'"),
        ("a list", "wrote something else than JSON", "'[1, 2]'"),
        ("chatty", "wrote something else than JSON", "'Loading ...'"),
        ("newer", "did not introduce itself", '"protocol": 2'),
        ("short", "returned the wrong number of scores", "expected: 2 scores\n  found:    1 scores"),
        ("long", "returned the wrong number of scores", "found:    3 scores"),
        ("none", "returned the wrong number of scores", "found:    scores: None"),
        ("nan", "returned a number that is no score", "found:    nan for pair 2 of 2"),
        ("text", "returned a number that is no score", "'good' for pair 2"),
        ("true", "returned a number that is no score", "True for pair 2"),
        ("beyond", "returned a number that is no score", "1.2 for pair 2"),
        ("another", "answered another request", "found:    id 2"),
        ("error", "reports an error", "ValueError: no such language"),
    ],
)
def test_what_goes_wrong_is_one_clear_error(
    mode: str,
    problem: str,
    details: str,
    command: Callable[[str], list[str]],
    tmp_path: Path,
    measure: Measure,
) -> None:
    limits = {"timeout": 1, "start_timeout": 1 if mode == "mute" else 20}
    with pytest.raises(ScorerError) as caught:
        measure("qe", "ja", ROWS, command=command(mode), **limits)
    assert caught.value.problem == f"The worker of the scorer qe {problem}"
    assert details in str(caught.value)
    assert f"worker.py {mode}".replace("a list", "'a list'") in str(caught.value)
    assert not _lives(int(log_of(tmp_path)[0].split()[1]))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_died_is_started_again(command: Callable[[str], list[str]], tmp_path: Path) -> None:
    worker = CommandWorker(command("well"), timeout=20, start_timeout=20)
    pair = Pair("answer", "cup", "カップ")
    assert worker.scores([pair], "ja") == [0.15]
    assert worker._process is not None
    worker._process.kill()
    with pytest.raises(ScorerError, match="died"):
        worker.scores([pair], "ja")
    assert worker.scores([pair], "ja") == [0.15]
    worker.close()
    assert [line.split()[0] for line in log_of(tmp_path)] == ["started", "1", "started", "1"]


def test_a_hanging_worker_takes_its_children_along(tmp_path: Path) -> None:
    script = tmp_path / "wrapper.sh"
    script.write_text(f"sleep 60 & echo $! > {tmp_path}/child; wait\n")
    worker = CommandWorker(["sh", str(script)], timeout=1, start_timeout=1)
    with pytest.raises(ScorerError, match="gave no answer in time"):
        _ = worker.signature
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 5
    while _is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(child)


def _is_running(pid: int) -> bool:
    """A killed orphan may stay as a zombie where nobody waits for it."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_program_that_is_none_cannot_be_started(measure: Measure, tmp_path: Path) -> None:
    with pytest.raises(ScorerError, match="cannot be started") as caught:
        measure("qe", "ja", ROWS, command=[str(tmp_path / "nothing"), "--model", "x"])
    assert "nothing --model x" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "found:    none"),
        ({"command": "python w.py", "url": "http://127.0.0.1:1"}, "found:    command and url"),
        ({"url": "ftp://example.org"}, "must begin with http:// or https://"),
        ({"url": "http://me:secret@example.org/"}, "must hold no user name"),
        ({"url": "http://example.org/\r\nX: y"}, "no control character"),
        ({"url": "http://example.org/score?api_key=abc"}, "keys stand in key_variable"),
        ({"url": "http://example.org:99999/"}, "out of range"),
        ({"comand": "python w.py"}, "comand"),
    ],
)
def test_options_name_exactly_one_worker(options: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError) as caught:
        scoring.build("qe", options, "ja")
    assert told in str(caught.value)


# An endpoint


@pytest.fixture(scope="module")
def web() -> Iterator[HTTPServer]:
    """A server for the tests of this module."""
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


class Service:
    """An endpoint that gives the answers of a script first, and then good ones."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.script: list[Callable[[Request], Response]] = []
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        request.get_data()
        self.requests.append(request)
        return self.script.pop(0)(request) if self.script else good(request)


def good(request: Request, **changes: Any) -> Response:
    """A reply as it should be, but for ``changes``."""
    pairs = request.get_json()["pairs"]
    scores = [len(pair["translation"]) / 20 for pair in pairs]
    return replied({"protocol": 1, "signature": "service|model:a", "scores": scores, **changes})


def replied(content: Any, status: int = 200) -> Response:
    """JSON."""
    return Response(json.dumps(content), status, content_type="application/json")


def redirected(request: Request, status: int) -> Response:
    """To another host, which would learn the key."""
    return Response("", status, {"Location": request.url.replace("127.0.0.1", "localhost")})


def endless() -> Iterator[bytes]:
    """A reply that does not end."""
    while True:
        yield b" " * (1 << 20)


def late(request: Request) -> Response:
    """A good reply, but too late."""
    time.sleep(0.6)
    return good(request)


@pytest.fixture
def service(web: HTTPServer) -> Iterator[Service]:
    made = Service(web.url_for("/score"))
    web.expect_request("/score", method="POST").respond_with_handler(made)
    yield made
    web.check_handler_errors()
    web.clear()


def test_an_endpoint_scores(service: Service, measure: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QE_KEY", KEY)
    options = {"url": service.url, "key_variable": "QE_KEY", "batch_size": 1}
    assert measure("qe", "hi", [("Is it red?", "लाल है?"), ("cup", "कप")], **options) == pytest.approx(
        [7 / 20, 2 / 20]
    )
    assert scoring.build("qe", options, "hi").signature.startswith("qe|service|model:a|")
    sent = [request.get_json() for request in service.requests]
    assert sent[0]["pairs"] == [{"role": "question", "source": "Is it red?", "translation": "लाल है?"}]
    assert sent[0]["target_language"] == "hi"
    assert {request.headers["Authorization"] for request in service.requests} == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("answer", "problem", "found"),
    [
        (lambda r: good(r, scores=[0.1]), "returned the wrong number of scores", "1 scores"),
        (
            lambda r: good(r, scores=[0.1, float("nan")]),
            "returned a number that is no score",
            "nan for pair 2",
        ),
        (lambda r: good(r, signature=""), "did not introduce itself", '"signature": ""'),
        (lambda r: good(r, signature="service|model:b"), "is not the one that was expected", "model:b"),
        (lambda r: replied({"error": "no such language"}), "reports an error", "no such language"),
        (lambda r: Response("<html>", 200), "wrote something else than JSON", "<html>"),
        (lambda r: replied({"detail": f"bad key {KEY}"}, 401), "does not answer", "status 401"),
        (lambda r: good(r, signature=f"service|{KEY}"), "does not answer", "repeats the key"),
        (lambda r: redirected(r, 302), "does not answer", "status 302"),
        (lambda r: redirected(r, 307), "does not answer", "status 307"),
        (lambda r: Response(endless(), 200), "does not answer", "more than 16 MiB"),
    ],
)
def test_what_an_endpoint_does_wrong_is_one_clear_error(
    answer: Callable[[Request], Response],
    problem: str,
    found: str,
    service: Service,
    measure: Measure,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QE_KEY", KEY)
    options = {"url": service.url, "key_variable": "QE_KEY"}
    _ = scoring.build("qe", options, "ja").signature
    service.script = [answer]
    with pytest.raises(ScorerError) as caught:
        measure("qe", "ja", ROWS, **options)
    assert caught.value.problem == f"The worker of the scorer qe {problem}"
    assert found in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(service.requests) == 2


def test_a_passing_failure_is_tried_again(
    service: Service, measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("vqa_builder.quality.scorers._qe_workers.time.sleep", waits.append)
    service.script = [lambda r: Response("", 503), lambda r: Response("", 429)]
    assert measure("qe", "ja", ROWS, url=service.url) == pytest.approx([0.3, 0.45])
    assert waits == [1.0, 2.0]
    service.script = [lambda r: Response("busy", 503)] * 4
    with pytest.raises(ScorerError, match="does not answer") as caught:
        measure("qe", "ja", ROWS, url=service.url)
    assert "status 503: busy" in str(caught.value)


def test_an_endpoint_that_is_not_there_or_hangs(service: Service, measure: Measure) -> None:
    with pytest.raises(ScorerError, match="does not answer") as caught:
        measure("qe", "ja", ROWS, url="http://127.0.0.1:9/", retries=0)
    assert "no connection" in str(caught.value)
    service.script = [late]
    with pytest.raises(ScorerError, match="does not answer") as caught:
        measure("qe", "ja", ROWS, url=service.url, retries=0, timeout=0.2)
    assert "timed out" in str(caught.value) or "within 0.2 s" in str(caught.value)


def test_a_missing_key_is_named(measure: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QE_KEY", raising=False)
    with pytest.raises(ScorerError, match="needs a key") as caught:
        measure("qe", "ja", ROWS, url="http://127.0.0.1:9/", key_variable="QE_KEY")
    assert "the environment variable QE_KEY" in str(caught.value)


# COMET


def test_the_worker_for_comet_uses_nothing_of_this_package() -> None:
    tree = ast.parse(COMET_WORKER.read_text(encoding="utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert not [name for name in names if name and name.startswith("vqa_builder")]
    assert {"comet", "torch"} <= names


def test_the_worker_for_comet_speaks_the_protocol(
    tmp_path: Path, measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """COMET cannot be installed beside this package; a stand-in of its interface drives the real script."""
    (tmp_path / "comet.py").write_text(
        "from types import SimpleNamespace\n"
        "print('noise on stdout')\n"
        "def download_model(name): return name\n"
        "class load_from_checkpoint:\n"
        "    def __init__(self, path): self.path = path\n"
        "    def requires_references(self): return 'da22' in self.path\n"
        "    def predict(self, samples, **more):\n"
        "        print('Predicting')\n"
        "        return SimpleNamespace(scores=[len(s['mt']) / 5 for s in samples])\n"
    )
    (tmp_path / "torch.py").write_text(
        "class cuda:\n    @staticmethod\n    def is_available(): return False\n"
    )
    (tmp_path / "unbabel_comet-2.2.7.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: unbabel-comet\nVersion: 2.2.7\n"
    (tmp_path / "unbabel_comet-2.2.7.dist-info" / "METADATA").write_text(metadata)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    options = {"command": [sys.executable, str(COMET_WORKER), "--model", "kiwi"]}
    assert measure(
        "qe", "ja", [("cup", "カップ"), ("Is it red?", "赤いですか？")], **options
    ) == pytest.approx([0.6, 1.0])
    assert "comet:2.2.7|model:kiwi" in scoring.build("qe", options, "ja").signature
    with pytest.raises(ScorerError, match="reports an error") as caught:
        measure("qe", "ja", ROWS, command=[*options["command"][:-1], "da22"])
    assert "needs references" in str(caught.value)


def test_its_column_and_its_place_among_the_scorers() -> None:
    assert list(Qe.columns) == ["qe"]
    assert Qe.threaded and Qe.summary.endswith("is good")
