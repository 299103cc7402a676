"""Loading of a valid spec: its values, its hash, and its rendered form."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.spec import load

SpecFile = Callable[[str], Path]


def test_fills_in_every_default(spec_file: SpecFile, sound: str):
    unset = ("name", "input_type", "output_type", "exclude", "calibration")
    plain = {**dict.fromkeys(unset), "per_channel": True, "per_channel_dense": True}
    assert load(spec_file(sound)).document == {
        "version": 1,
        "name": "fashion",
        "model": {
            "saved_model": "models/fashion",
            "signatures": ["serving_default"],
            "tags": ["serve"],
        },
        "data": {
            "calibration": {
                "source": "train.npz",
                "samples": 200,
                "select": "random",
                "seed": 0,
                "label": None,
            },
            "evaluation": {
                "source": "test.npz",
                "label": "y",
                "samples": None,
                "select": "random",
                "seed": 0,
            },
            "allow_random": False,
        },
        "quantize": {
            "target": "cpu",
            "modes": [
                {"mode": "full_integer", **plain},
                {"mode": "float16", **plain},
            ],
            "timeout_s": 3600.0,
            "memory_limit": None,
            "select_tf_ops": False,
        },
        "measure": {
            "metrics": [{"metric": "top1"}, {"metric": "mse"}],
            "latency": {
                "threads": 1,
                "warmup": 5,
                "runs": 50,
                "budget_s": 10.0,
                "signature": None,
            },
        },
        "gate": {"top1": {"max_drop": 0.01}, "size_bytes": {"max_ratio": 0.5}},
        "choose": [{"minimize": "size_bytes", "within": "5%"}],
        "promote": {"to": "published", "when_none_qualifies": "fail"},
    }


def test_the_rendered_spec_is_the_same_spec(spec_file: SpecFile, sound: str):
    text = sound.replace("label: y", "label: 1e-3x").replace("source: test.npz", 'source: "1e-3"')
    loaded = load(spec_file(text))
    again = load(spec_file(loaded.render(loaded.folder)))
    assert again.document == loaded.document
    assert again.spec == loaded.spec
    assert again.sha256 == loaded.sha256


@pytest.mark.parametrize("text", ["no", "1e-3", "0x10", "~", "1:30", "2024-01-01", "ß ü", "a: b"])
def test_text_that_looks_like_something_else_survives_rendering(
    spec_file: SpecFile, sound: str, text: str
):
    loaded = load(spec_file(sound.replace("label: y", f"label: '{text}'")))
    again = load(spec_file(loaded.render(loaded.folder)))
    assert again.spec.data.evaluation.label == text


def test_the_hash_does_not_depend_on_the_notation(spec_file: SpecFile, sound: str):
    loaded = load(spec_file(sound))
    reformatted = sound.replace("{max_drop: 0.01}", "{max_drop: 1e-2}  # one point")
    defaults_spelled_out = sound.replace("{runs: 50}", "{runs: 50, threads: 1}")
    assert load(spec_file(reformatted)).sha256 == loaded.sha256
    assert load(spec_file(defaults_spelled_out)).sha256 == loaded.sha256
    assert load(spec_file(sound), ["gate.top1.max_drop=0.02"]).sha256 != loaded.sha256


def test_paths_are_relative_to_the_specs_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sound: str
):
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "fashion.yaml").write_text(sound, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    loaded = load(Path("specs/fashion.yaml"))
    assert loaded.path == Path("specs/fashion.yaml")
    assert loaded.folder == tmp_path / "specs"
    assert loaded.locate("../models/fashion") == str(tmp_path / "models" / "fashion")
    assert loaded.locate("/data/x.npz") == "/data/x.npz"
    assert loaded.locate("gs://bucket/../x.npz") == "gs://bucket/../x.npz"
