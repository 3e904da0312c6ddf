"""Any sequence-to-sequence checkpoint of transformers: Marian, NLLB-200, M2M-100, mBART-50, MADLAD-400.

Texts of the same number of tokens share a batch: nothing is padded, so that a translation does not depend on
what else is in the run, and no time goes into padding. A batch that does not fit into memory is halved. With
several devices each has a process of its own that holds the model.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import multiprocessing
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from vqa_builder.errors import EngineError, MissingExtraError
from vqa_builder.store import files_hash
from vqa_builder.translation.engines import _indictrans, base
from vqa_builder.translation.engines._seq2seq import Seq2Seq, Settings
from vqa_builder.translation.engines.base import EngineInParts, Failure, Page, Parts
from vqa_builder.translation.pieces import listing
from vqa_builder.translation.request import Request, batches

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
DECODING = ("num_beams", "length_penalty", "repetition_penalty", "no_repeat_ngram_size")
TEXTS_PER_PART = 512


class TransformersOptions(base.Options):
    """What the spec may say; ``model`` or ``folder`` names the checkpoint."""

    model: str | None = Field(None, description="name on the hub: facebook/nllb-200-distilled-600M")
    revision: str = Field(
        "main", description="commit, tag or branch of the hub; the commit is in the signature"
    )
    folder: Path | None = Field(None, description="a folder that save_pretrained wrote")
    codes: dict[str, str] = Field(
        default_factory=dict, description="the model's own language codes by ISO code, where ours are wrong"
    )
    prefix: str | None = Field(
        None, description="what stands before every source text, instead of the family's own: '<2{target}> '"
    )
    directions: tuple[str, ...] | None = Field(None, description="what the model can do: [en-ja]")
    devices: tuple[str, ...] | Literal["auto"] = Field(
        "auto", description="[cuda:0, cuda:1], a process for each; auto takes every GPU, or the CPU"
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="auto is float32 on a CPU; on a GPU bfloat16, or float16 where that is missing"
    )
    num_beams: int = Field(1, ge=1, description="beams of the search; 1 is greedy")
    length_penalty: float = Field(1.0, description="of generate: above 0 favours longer results of beams")
    repetition_penalty: float = Field(1.0, gt=0, description="of generate: above 1 repeats less")
    no_repeat_ngram_size: int = Field(0, ge=0, description="of generate: no n-gram of this size comes twice")
    max_input_length: int = Field(512, ge=1, description="in tokens; a longer text fails, it is never cut")
    max_new_tokens: int = Field(256, ge=1, description="a longer translation fails")
    batch_tokens: int = Field(8192, ge=1, description="source tokens per batch; halved when memory runs out")
    trust_remote_code: bool = Field(
        False, description="whether code that comes with the checkpoint may run here; IndicTrans2 wants it"
    )
    licence: str = Field("unknown", description="the terms of the model, for cards")

    @model_validator(mode="after")
    def _one_checkpoint(self) -> Self:
        if (self.model is None) == (self.folder is None):
            raise ValueError("give exactly one of model and folder")
        return self


class Transformers(EngineInParts):
    """A checkpoint of transformers on GPUs or the CPU, greedy unless told otherwise.

    Install ``pip install 'vqa-builder[transformers]'``. No key. The family is found by itself and with it how
    the languages are named: ``jpn_Jpan`` (NLLB), ``ja`` (M2M-100), ``ja_XX`` (mBART-50), ``<2ja>``
    (MADLAD-400), ``>>jpn<<`` (Marian with several targets). Output: the terms of the model (NLLB: CC BY-NC);
    say under ``licence`` what the card should repeat. ``vqa-builder convert-model`` makes many of these
    models about twice as fast on a CPU.

    IndicTrans2 also needs its own processor, ``pip install indictranstoolkit``, and
    ``trust_remote_code: true``, because its checkpoints bring code that runs on this machine: read that code,
    and name the commit that was read under ``revision``.

    Example::

        translate:
          engine: {type: transformers, model: facebook/nllb-200-distilled-600M, licence: cc-by-nc-4.0}
    """

    name: ClassVar[str] = "transformers"
    summary: ClassVar[str] = "any seq2seq checkpoint: Marian, NLLB-200, M2M-100, MADLAD-400, IndicTrans2"
    page: ClassVar[Page] = Page(
        install="pip install 'vqa-builder[transformers]'; for IndicTrans2 also pip install indictranstoolkit",
        limits="512 tokens in, 256 out; a batch that does not fit into memory is halved",
        output="the terms of the model (NLLB-200: CC BY-NC 4.0); say them under `licence`",
        languages="those of the model: NLLB-200 ja, hi and about 200 in all; IndicTrans2 hi and 21 more",
    )
    Options = TransformersOptions

    def __init__(self, options: TransformersOptions) -> None:
        for package in ("torch", "transformers"):
            if importlib.util.find_spec(package) is None:
                raise MissingExtraError("The engine transformers", package, "transformers")
        self.options, self.licence = options, options.licence
        if options.folder is not None:
            _config(options.folder)
            _ = self._processor

    @cached_property
    def signature(self) -> str:
        """The checkpoint's content, decoding and versions; neither batch sizes nor devices."""
        chosen = self.options
        decoding = [chosen.prefix, sorted(chosen.codes.items()), chosen.max_input_length, self._decoding]
        settled = json.dumps([*decoding, chosen.max_new_tokens, chosen.trust_remote_code], sort_keys=True)
        parts = {
            "model": chosen.model or (chosen.folder or Path()).resolve().name,
            **({"revision": self._revision} if chosen.folder is None else {"sha": _hash_of(chosen.folder)}),
            "beam": chosen.num_beams,
            "decoding": hashlib.sha256(settled.encode()).hexdigest()[:8],
            "dtype": self._dtype,
            "transformers": version("transformers"),
            "torch": version("torch").split("+")[0],
            **({"processor": self._processor.signature} if self._processor else {}),
        }
        return "|".join([self.name, *(f"{key}:{value}" for key, value in parts.items())])

    def check_direction(self, source: str, target: str) -> None:
        """Raise ``EngineError`` if ``directions`` is given and lacks this one, or a language has no code."""
        directions = self.options.directions
        if self._processor is not None:
            _ = self._processor.code(source), self._processor.code(target)
        if directions is not None and f"{source}-{target}" not in directions:
            raise EngineError(
                f"The engine transformers cannot translate from {source} to {target}",
                where=self.options.model or self.options.folder,
                expected=", ".join(directions),
                found=f"{source}-{target}",
                remedy="name an engine for this direction",
            )

    def translate_in_parts(self, request: Request) -> Parts:
        """Batches of texts of the same length, each handed over when it is finished."""
        texts, source, target = request.texts, request.source, request.target
        self.check_direction(source, target)
        if not texts:
            return
        of_length: dict[int, list[int]] = {}
        too_long: list[tuple[int, str | Failure]] = []
        processor = self._processor
        ready = processor.read(texts, source, target) if processor else texts
        pieces = self._tokenize(ready, source, target)
        for at, some in enumerate(pieces):
            if len(some) > self.options.max_input_length:
                too_long.append(
                    (at, Failure(f"{len(some)} tokens, more than {self.options.max_input_length}"))
                )
            else:
                of_length.setdefault(len(some), []).append(at)
        yield too_long
        jobs = [
            places
            for length in sorted(of_length)
            for places in batches(of_length[length], self._size(length))
        ]
        work = ([pieces[at] for at in places] for places in jobs)
        for places, results in zip(jobs, self._translated(work, target), strict=True):
            if processor:
                results = processor.write([texts[at] for at in places], results, source, target)
            yield list(zip(places, results, strict=True))

    def close(self) -> None:
        """Free the models and end their processes."""
        self.__dict__.pop("_local", None)
        pool = self.__dict__.pop("_pool", None)
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def _size(self, length: int) -> int:
        """Texts per job: as many as fill a batch, and no more than a crash should cost."""
        return max(1, min(TEXTS_PER_PART, self.options.batch_tokens // length))

    def _tokenize(self, texts: Sequence[str], source: str, target: str) -> list[list[int]]:
        if len(self._devices) == 1:
            return self._local.pieces(texts, source, target)
        return self._pool.submit(_pieces, texts, source, target).result()

    def _translated(self, work: Iterable[list[list[int]]], target: str) -> Iterable[list[str | Failure]]:
        if len(self._devices) == 1:
            return (self._local.translate(job, target) for job in work)
        waiting = [self._pool.submit(_translate, job, target) for job in work]
        return (each.result() for each in waiting)

    @property
    def _decoding(self) -> dict[str, Any]:
        return self.options.model_dump(include=set(DECODING))

    @cached_property
    def _devices(self) -> tuple[str, ...]:
        if self.options.devices != "auto":
            return self.options.devices
        import torch

        return tuple(f"cuda:{number}" for number in range(torch.cuda.device_count())) or ("cpu",)

    @cached_property
    def _dtype(self) -> str:
        if self.options.dtype != "auto":
            return self.options.dtype
        import torch

        if not any(device.startswith("cuda") for device in self._devices):
            return "float32"
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"

    @cached_property
    def _revision(self) -> str:
        """The commit that ``revision`` stands for: the hub says it, or the cache where the hub is away."""
        return self._hub_config.parent.name  # the file lies in a folder named after the commit

    @cached_property
    def _processor(self) -> _indictrans.Processor | None:
        """What texts go through beside the tokenizer; only IndicTrans2 has it."""
        folder = self.options.folder
        config = self._hub_config if folder is None else folder / "config.json"
        if not _indictrans.is_indictrans(json.loads(config.read_text(encoding="utf-8"))):
            return None
        _indictrans.check(self.options.model or folder, self.options.trust_remote_code)
        return _indictrans.Processor(self.options.codes)

    @cached_property
    def _hub_config(self) -> Path:
        """The checkpoint's config.json, from the hub or from its cache."""
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError

        name, revision = str(self.options.model), self.options.revision
        try:
            return Path(hf_hub_download(name, "config.json", revision=revision))  # from the cache if need be
        except (HfHubHTTPError, OSError, ValueError) as error:
            raise EngineError(
                "The checkpoint was found neither on the hub nor in its cache",
                where=f"{name}, revision {revision}",
                found=error,
                remedy="check the name, or download it and give its folder under `folder:`",
            ) from error

    @cached_property
    def _settings(self) -> Settings:
        chosen = self.options
        return Settings(
            model=chosen.model or str(chosen.folder),
            revision=self._revision if chosen.folder is None else None,
            dtype=self._dtype,
            trust_remote_code=chosen.trust_remote_code,
            codes=chosen.codes,
            prefix=chosen.prefix,
            max_input_length=chosen.max_input_length,
            max_new_tokens=chosen.max_new_tokens,
            batch_tokens=chosen.batch_tokens,
            decoding=self._decoding,
        )

    @cached_property
    def _local(self) -> Seq2Seq:
        return Seq2Seq(self._settings, self._devices[0])

    @cached_property
    def _pool(self) -> ProcessPoolExecutor:
        # CUDA does not survive a fork.
        context = multiprocessing.get_context("spawn")
        devices = context.SimpleQueue()
        for device in self._devices:
            devices.put(device)
        return ProcessPoolExecutor(len(self._devices), context, _start, (self._settings, devices))


_worker: list[Seq2Seq] = []


def _start(settings: Settings, devices: Any) -> None:
    """Load the model in a process of its own, on the next free device."""
    _worker.append(Seq2Seq(settings, devices.get()))


def _pieces(texts: Sequence[str], source: str, target: str) -> list[list[int]]:
    return _worker[0].pieces(texts, source, target)


def _translate(pieces: list[list[int]], target: str) -> list[str | Failure]:
    return _worker[0].translate(pieces, target)


def _config(folder: Path) -> dict[str, Any]:
    """A checkpoint's config.json, and the certainty that weights lie beside it."""
    weights = [file for pattern in WEIGHTS for file in folder.glob(pattern)]
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = {}
    if not weights or not config:
        raise EngineError(
            "This folder holds no checkpoint of transformers",
            where=folder,
            expected="config.json, tokenizer files, and model.safetensors or pytorch_model.bin",
            found=listing(folder),
        )
    return config


def _hash_of(folder: Path) -> str:
    """Twelve hex digits that stand for everything in a checkpoint's folder that can change its output."""
    files = sorted(
        file for file in folder.iterdir() if file.is_file() and not file.name.startswith((".", "README"))
    )
    return files_hash(files)
