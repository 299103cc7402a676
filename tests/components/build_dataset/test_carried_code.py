"""A Python file that travels with a pipeline is written, checked and imported."""

import sys
from pathlib import Path

import pytest

from quantgate.components.carry_code.work import carry_code
from quantgate.components.user_code import UserCode, import_code, load_function
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.foundation.json_argument import json_argument

TEXT = """\
WORD = 'ä'


def samples():
    for number in range(4):
        yield {'x': [number, 1.0]}
"""
SHA256 = sha256_of_bytes(TEXT.encode())
ONE = {"x": ("float32", [-1, 2])}


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delitem(sys.modules, "travelling", raising=False)
    text = json_argument(TEXT)
    carry_code("travelling.py", text, sha256=SHA256, code_path=str(tmp_path / "code"))
    yield tmp_path / "code"
    sys.modules.pop("travelling", None)


def test_the_file_arrives_unchanged(carried: Path) -> None:
    assert (carried / "travelling.py").read_bytes() == TEXT.encode()


@pytest.mark.parametrize("place", ["", "travelling.py"], ids=["folder", "file"])
def test_functions_are_found_by_name(carried: Path, place: str) -> None:
    import_code(UserCode(str(carried / place), SHA256))
    assert list(load_function("travelling:samples")())[3] == {"x": [3, 1.0]}
    assert not list(carried.rglob("*.pyc"))


def test_changed_content_is_refused(carried: Path) -> None:
    (carried / "travelling.py").write_text(TEXT + "# changed\n")
    with pytest.raises(InputError, match=r"travelling\.py has the SHA-256 .* has changed since"):
        import_code(UserCode(str(carried), SHA256))
    assert "travelling" not in sys.modules
    with pytest.raises(InputError, match="the pipeline was compiled with 0000"):
        carry_code("a.py", json_argument(TEXT), sha256="0" * 64, code_path=str(carried))


@pytest.mark.parametrize("text", [TEXT, "4", ""])
def test_a_text_that_is_no_json_string_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(
        InputError, match=r"the text of a\.py is not a JSON string. Write it with `qu"
    ):
        carry_code("a.py", text, sha256=SHA256, code_path=str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_imports_of_missing_modules_are_explained(carried: Path) -> None:
    text = "import no_such_helper\n"
    (carried / "travelling.py").write_text(text)
    with pytest.raises(InputError) as caught:
        import_code(UserCode(str(carried), sha256_of_bytes(text.encode())))
    assert str(caught.value) == (
        "travelling.py cannot be imported: No module named 'no_such_helper'. Only this file is "
        "sent. Install the modules that it imports where the tasks run: on a cluster, in the image"
    )
    assert "travelling" not in sys.modules


def test_a_folder_with_two_files_is_refused(carried: Path) -> None:
    (carried / "second.py").write_text("")
    with pytest.raises(InputError, match="holds 2 Python files instead of one"):
        import_code(UserCode(str(carried), SHA256))


def test_samples_from_a_carried_file(build, carried: Path, caplog) -> None:
    dataset = build("travelling:samples", ONE, code=UserCode(str(carried), SHA256))
    assert dataset.inputs["x"].tolist() == [[number, 1] for number in range(4)]
