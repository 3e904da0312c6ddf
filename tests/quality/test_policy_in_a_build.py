"""A policy that states a share, from the spec to the manifest."""

import json
from pathlib import Path

from vqa_builder import build, load_spec


def test_the_manifest_holds_the_resolved_policy(tiny: Path, tmp_path: Path) -> None:
    text = tiny.read_text(encoding="utf-8")
    assert "policy" not in text
    stated = "policy: {preset: lenient, content: off, chrf: {keep: 0.5}, answers: {chrf: {min: 10}}}\n"
    tiny.write_text(text + stated, encoding="utf-8")
    made = [build(load_spec(tiny), tmp_path / name, languages=["ja"])[0] for name in ("one", "two")]
    manifests = [json.loads((one.folder / "manifest.json").read_text(encoding="utf-8")) for one in made]
    rule = manifests[0]["policy"]["chrf"]
    assert set(rule) == {"min"} and 0 < rule["min"] <= 100
    assert f"|chrf:min={rule['min']:g}|" in manifests[0]["signatures"]["policy"]
    assert "keep" not in manifests[0]["signatures"]["policy"]
    assert "content" not in manifests[0]["policy"]
    assert manifests[0]["policy"] == manifests[1]["policy"]
