"""`code`: a Python file of the user's own that travels with the pipeline."""

from pathlib import Path

import pytest

from quantgate.errors import SpecError
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.spec import load
from quantgate.spec.model.functions import functions_left_behind, functions_of
from quantgate.spec.preflight.paths import preflight

CODE = "import numpy as np\n\ndef samples():\n    yield {'x': np.zeros(2)}\n\nspread = max\n"
WITH_CODE = "code: my_code.py\n"


@pytest.fixture
def using(sound: str) -> str:
    """A spec that calibrates on a function of `my_code.py`."""
    return sound.replace("train.npz", "'my_code:samples'") + WITH_CODE


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "my_code.py"
    path.write_text(CODE)
    return path


def test_the_hash_of_the_code_is_part_of_the_spec(spec_file, using: str, code: Path) -> None:
    loaded = load(spec_file(using))
    assert loaded.spec.code is not None
    assert loaded.spec.code.text == CODE
    assert loaded.document["code"] == {
        "file": "my_code.py",
        "sha256": sha256_of_bytes(CODE.encode()),
    }
    assert loaded.sha256 == load(spec_file(using)).sha256
    code.write_text(CODE + "# changed\n")
    assert loaded.sha256 != load(spec_file(using)).sha256


def test_a_spec_without_code_keeps_its_hash(spec_file, sound: str) -> None:
    assert "code" not in load(spec_file(sound)).document


def test_only_functions_of_the_file_are_packaged(spec_file, using: str, code: Path) -> None:
    text = using.replace("[top1, mse]", "[top1, {metric: 'other:spread', better: lower}]")
    spec = load(spec_file(text)).spec
    assert functions_of(spec) == ["my_code:samples", "other:spread"]
    assert functions_left_behind(spec) == ["other:spread"]


def test_packaged_functions_are_not_looked_for_beside_the_spec(
    spec_file, using: str, code: Path, tmp_path
) -> None:
    """Functions in `code` are not looked for among what is installed."""
    (tmp_path / "elsewhere").mkdir()
    code.rename(tmp_path / "elsewhere" / "my_code.py")
    text = using.replace("code: my_code.py", "code: elsewhere/my_code.py")
    loaded = load(spec_file(text.replace("'my_code:samples'", "'my_code:samples', format: python")))
    with pytest.raises(SpecError, match=r"model\.saved_model") as caught:
        preflight(loaded)
    assert "my_code" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said", "hint"),
    [
        ("code: nowhere/my_code.py\n", "`code.file` cannot be read", "Paths are relative to"),
        ("code: gs://b/my_code.py\n", "`code` needs the key `sha256`", "`sha256sum my_code.py`"),
        ("code: ftp://b/my_code.py\n", "is on `ftp://`, which Kubeflow", "Use a local path"),
        (
            "code: my-code.py\n",
            "is called `my-code.py`, which Python cannot",
            "such as `my_code.py`",
        ),
        ("code: json.py\n", "would hide the module `json`", "another name"),
        (
            "code: other.py\n",
            "the spec uses no function of `other.py`",
            "Name its functions as `other:",
        ),
        (
            f"code: {{file: my_code.py, sha256: {'a' * 64}}}\n",
            "`code.sha256` does not match",
            f"The file has {sha256_of_bytes(CODE.encode())}.",
        ),
        ("code: {file: my_code.py, sha256: x}\n", "`code.sha256`", None),
    ],
)
def test_invalid_code_sections_are_refused(
    refused, using: str, code: Path, given: str, said: str, hint: str
) -> None:
    (code.parent / "other.py").write_text(CODE)
    problems = refused(using.replace(WITH_CODE, given)).problems
    (problem,) = [each for each in problems if said in each.message]
    assert problem.line == len(using.splitlines())
    assert hint is None or hint in (problem.hint or "")


@pytest.mark.parametrize(
    ("content", "said", "hint"),
    [
        (b"def sample(): pass", "`my_code.py` has no function `samples`", "Did you mean `sample`?"),
        (b"def samples(:", "`code.file` is not valid Python: my_code.py, line 1: ", None),
        (b"\xff", "`code.file` is not UTF-8", None),
        (
            CODE.encode() + b"# " + b"x" * 100_000,
            "too large to package with a pipeline: 100,",
            "Upload it and give its URI and `sha256`",
        ),
    ],
)
def test_unusable_files_are_refused(refused, using: str, code: Path, content, said, hint) -> None:
    code.write_bytes(content)
    (problem,) = refused(using).problems
    assert said in problem.message
    assert hint is None or hint in (problem.hint or "")


def test_modules_are_not_looked_for_if_there_is_a_custom_image(spec_file, sound: str) -> None:
    text = sound.replace("train.npz", "'not_here:samples'")
    image = "cluster.images.runtime=mine/runtime:1"
    for overrides, is_told in (((), True), ((image,), False)):
        with pytest.raises(SpecError) as caught:
            preflight(load(spec_file(text), overrides))
        assert ("`not_here`" in str(caught.value)) is is_told
