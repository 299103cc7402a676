"""Loading of any text ends with a spec or with an error for the user."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgate.domain.figures import FIGURES
from quantgate.domain.modes import MODES
from quantgate.errors import QuantgateError
from quantgate.spec import LoadedSpec, load
from quantgate.spec.reading.sections import section_at

WORDS = sorted(
    {key for path in ((), ("data",), ("gate", "top1")) for key in section_at(path).model_fields}
    | set(FIGURES)
    | set(MODES)
    | {"auto", "5%", "gs://x", "psnr", "<list>", "<auto>", "x.npz"}
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(WORDS), st.text()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=12,
)
SOUND: dict[str, Any] = {
    "version": 1,
    "name": "x",
    "model": {"saved_model": "m", "signatures": ["serve"]},
    "data": {
        "calibration": {"source": "c.npz", "samples": 10, "select": "first", "label": "y"},
        "evaluation": {"source": "e.npz", "label": "y"},
    },
    "quantize": {"target": "cpu", "modes": ["float16", {"mode": "int16x8", "name": "a"}]},
    "measure": {"metrics": ["top1", {"metric": "psnr", "peak": 1}], "latency": {"runs": 3}},
    "gate": {"top1": {"min": 0.5, "max_drop": 0.1, "confidence": 0.9}},
    "choose": [{"minimize": "size_bytes", "within": "5%"}],
    "promote": {"to": "p"},
}


def paths_in(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else ()
    entries = enumerate(value) if isinstance(value, list) else items
    return [path, *(inner for key, item in entries for inner in paths_in(item, (*path, key)))]


def replaced(value: Any, path: tuple[str | int, ...], new: object) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("specs")


def attempt(folder: Path, content: bytes, *overrides: str) -> LoadedSpec | None:
    path = folder / "spec.yaml"
    path.write_bytes(content)
    try:
        return load(path, overrides)
    except QuantgateError as error:
        assert str(error).encode()
        assert "Input should" not in str(error), "pydantic's own words reached the user"
        return None


@given(text=st.text() | st.text("&*[]{}:,-?!|>'\"%@`# \n\ta1.~\\U"))
@settings(max_examples=300, deadline=None)
def test_any_text_loads_or_is_refused(folder: Path, text: str):
    attempt(folder, text.encode())


@given(content=st.binary())
@settings(max_examples=100, deadline=None)
def test_any_bytes_load_or_are_refused(folder: Path, content: bytes):
    attempt(folder, content)


@given(path=st.sampled_from(paths_in(SOUND)), value=VALUES)
@settings(max_examples=300, deadline=None)
def test_any_value_of_any_key_loads_or_is_refused(
    folder: Path, path: tuple[str | int, ...], value: object
):
    loaded = attempt(folder, yaml.safe_dump(replaced(SOUND, path, value)).encode())
    if loaded:
        again = load_again(folder, loaded)
        assert again.document == loaded.document
        assert again.sha256 == loaded.sha256


def load_again(folder: Path, loaded: LoadedSpec) -> LoadedSpec:
    path = folder / "again.yaml"
    path.write_text(loaded.render(loaded.folder), encoding="utf-8")
    return load(path)


@given(key=st.text() | st.sampled_from(["gate.top1.max", "choose.0.within"]), value=st.text())
@settings(max_examples=200, deadline=None)
def test_any_override_loads_or_is_refused(folder: Path, key: str, value: str):
    attempt(folder, yaml.safe_dump(SOUND).encode(), f"{key}={value}")
