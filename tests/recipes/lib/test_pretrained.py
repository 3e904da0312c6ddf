from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModel, AutoTokenizer

from recipes.lib.pretrained import pretrained
from vqa_builder.errors import SourceError


@pytest.mark.parametrize("kind", [AutoModel, AutoTokenizer])
@pytest.mark.parametrize("name", ["empty", "damaged", "none", "/not/there", "nobody/nothing"])
def test_what_cannot_be_loaded_is_told(
    kind: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "damaged" / "model.safetensors").write_bytes(b"damaged")
    (tmp_path / "damaged" / "tokenizer.json").write_text("{")
    where = name if "/" in name else str(tmp_path / name)
    with pytest.raises(SourceError, match="cannot be loaded") as error:
        pretrained(kind, where)
    assert error.value.details["where"] == where
    assert kind.__name__ in error.value.details["expected"]
