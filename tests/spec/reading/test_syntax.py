"""Invalid and unsupported YAML: exact message, position and hint."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.errors import ExitCode, SpecError, UsageError
from quantgate.spec import load

NO_SPEC = "Give the path of a spec file. `quantgate init` writes one to start from"
STARTS_WITH_VERSION = "A spec starts with `version: 1`."
BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", f"1:1 the file is empty -> {STARTS_WITH_VERSION}"),
        ("# nothing\n---\n", f"1:1 the file is empty -> {STARTS_WITH_VERSION}"),
        ("- a\n", f"1:1 a spec is a mapping of keys, not a list -> {STARTS_WITH_VERSION}"),
        (
            "\njust text\n",
            "2:1 a spec is a mapping of keys, not the text `just text` -> " + STARTS_WITH_VERSION,
        ),
        (
            BOMB,
            "1:4 the anchor `&a` is not allowed in a spec -> Remove it, and write each value out.",
        ),
        ("a: 1\nb: *a\n", "2:4 the alias `*a` is not allowed in a spec -> Write the value out."),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            "1:4 the tag `tag:yaml.org,2002:python/object/apply:os.system` is not allowed in a "
            "spec -> Remove it, or put the text in quotes.",
        ),
        ("a:\n\tb: 1\n", "2:1 YAML does not allow a tab here -> Use spaces instead."),
        ("a: 1\n---\nb: 1\n", "2:1 a second document starts here -> Keep one spec in a file."),
        (
            "version:1\n\nname: digits\n",
            "1:1 this key has no value -> YAML needs a space after the colon: `version: 1`.",
        ),
        (
            "a:\n  b:2  # two\n  c: 3\n",
            "2:3 this key has no value -> YAML needs a space after the colon: `b: 2`.",
        ),
        (
            "a: b: c\n",
            "1:5 YAML expects no `: ` here -> Check the indentation, and put a value that "
            "contains `: ` in quotes.",
        ),
        (
            "a: 1\nb\n",
            "3:1 the key before this position has no colon -> Write `key: value`, with a space "
            "after "
            "the colon.",
        ),
        (
            "a: {b: 1}\n - c\n",
            "2:2 this line does not fit the lines above it -> Check the indentation: the keys of "
            "one mapping start in the same column.",
        ),
        ("a: 'b\n", "2:1 a quote is not closed -> Add the closing quote."),
        ("a: [1\nb: 2\n", "1:4 a list is not closed -> Add the missing `,` or `]`."),
        ("a: {b: 1 c: 2}\n", "1:11 a mapping is not closed -> Add the missing `,` or `}`."),
        ("a: {b: 1\n", "1:4 a mapping is not closed -> Add the missing `,` or `}`."),
        (
            "a: [1,\n",
            "2:1 a value is missing here -> Write it, or close the list or mapping before it.",
        ),
        ("a: @b\n", "1:4 a value cannot start with `@` -> Put the value in quotes."),
        (
            "%YAML 2.0\n---\na: 1\n",
            "1:1 this is not YAML: found incompatible YAML document (version 1.* is required) "
            "-> None",
        ),
        ("a: b\x00\n", "1:5 YAML does not allow the character U+0000 -> Remove it."),
        (
            'a: "\\UFFFFFFFF"\n',
            "1:7 an escape in the quotes here is not a character -> Remove it.",
        ),
        (b"a: 1\nb: \xc3\xbc\xff\n", "2:5 this character is not UTF-8 -> Save the file as UTF-8."),
        ("[" * 1000, "1:21 nested more than 20 levels deep -> None"),
        (
            b"a: 1\n" * 209_716,
            "1:1 the file is larger than 1 MiB, so it is not a spec -> Give the path of a spec "
            "file.",
        ),
    ],
)
def test_syntax_errors_are_refused_at_their_position(
    complaints: Callable[..., list[str]], content: str | bytes, expected: str
):
    assert complaints(content) == [expected]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "choose:",
            "measure: {}\nchoose:",
            ["14:1 `measure` is given twice -> The other one is in line 8. Remove one of them."],
        ),
        (
            "{max_drop: 0.01}",
            "{max_drop: 0.01, max_drop: 0.02}",
            [
                "12:26 `gate.top1.max_drop` is given twice -> The other one is in line 12. "
                "Remove one of them."
            ],
        ),
        (
            "choose:",
            "1: x\nchoose:",
            ["14:1 a key in the spec must be text, not 1 -> Write it as a word."],
        ),
        (
            "{max_drop: 0.01}",
            "{max_drop: 0.01, [a]: b}",
            ["12:26 a key in `gate.top1` must be text, not a list -> Write it as a word."],
        ),
        (
            "choose:",
            '"a\\eb": x\nchoose:',
            [
                "14:1 a key in the spec has a control character -> Remove the control character.",
            ],
        ),
        (
            "label: y",
            'label: "\\e[2J"',
            [
                "6:41 `data.evaluation.label` has the control character U+001B -> Remove control "
                "characters."
            ],
        ),
        (
            "label: y",
            'label: "\\ud800"',
            [
                "6:41 `data.evaluation.label` has the control character U+D800 -> Remove control "
                "characters."
            ],
        ),
        (
            "choose:",
            "no: x\noff: x\nchoose:",
            [
                "14:1 the spec has no key `no` -> Its keys are `version`, `name`, `model`, "
                "`data`, `code`, `quantize`, `measure`, `gate`, `choose`, `promote` and `cluster`.",
                "15:1 the spec has no key `off` -> Its keys are `version`, `name`, `model`, "
                "`data`, `code`, `quantize`, `measure`, `gate`, `choose`, `promote` and `cluster`.",
            ],
        ),
    ],
)
def test_refuses_keys_and_characters_that_a_spec_cannot_have(
    mistaken: Callable[[str, str], list[str]], old: str, new: str, expected: list[str]
):
    assert mistaken(old, new) == expected


@pytest.mark.parametrize(
    ("written", "read"),
    [("1e-2", 0.01), ("5E-1", 0.5), (".5", 0.5), ("0.25", 0.25), ("0", 0.0), ("+1.e-3", 0.001)],
)
def test_reads_numbers_as_people_write_them(
    spec_file: Callable[[str], Path], sound: str, written: str, read: float
):
    loaded = load(spec_file(sound.replace("max_drop: 0.01", f"max_drop: {written}")))
    assert loaded.spec.gate.limits["top1"].max_drop == read


@pytest.mark.parametrize("label", ["no", "off", "1:30", "2024-01-01", "0x10", "1_000", "="])
def test_reads_words_of_yaml_1_1_as_text(spec_file: Callable[[str], Path], sound: str, label: str):
    loaded = load(spec_file(sound.replace("label: y", f"label: {label}")))
    assert loaded.spec.data.evaluation.label == label


def test_reads_a_byte_order_mark_and_windows_line_ends(
    spec_file: Callable[[bytes], Path], sound: str
):
    content = b"\xef\xbb\xbf" + sound.replace("\n", "\r\n").encode()
    assert load(spec_file(content)).spec.name == "fashion"


def test_shows_the_line_and_the_count(refused: Callable[[str], SpecError], sound: str):
    error = refused(sound.replace("label: y", "lable: y").replace("top1: {", "topl: {"))
    assert error.exit_code == ExitCode.SPEC_INVALID
    assert str(error) == (
        "quantgate.yaml:6:34: `data.evaluation` has no key `lable`\n"
        "      evaluation: {source: test.npz, lable: y}\n"
        "                                     ^\n"
        "  Did you mean `label`?\n"
        "\n"
        "quantgate.yaml:12:3: there is no metric `topl`\n"
        "      topl: {max_drop: 0.01}\n"
        "      ^\n"
        "  Did you mean `top1`?\n"
        "\n"
        "2 problems in quantgate.yaml"
    )


def test_the_caret_is_below_the_position_in_wide_and_combining_text(
    refused: Callable[[str], SpecError], sound: str
):
    error = refused(sound.replace("{source: test.npz, ", "{source: 試験e\u0301.npz, x: 1, "))
    assert str(error) == (
        "quantgate.yaml:6:34: `data.evaluation` has no key `x`\n"
        "      evaluation: {source: 試験e\u0301.npz, x: 1, label: y}\n"
        "                                      ^\n"
        "  Its keys are `source`, `format`, `features`, `images`, `columns`, `random`, `classes`, "
        "`label`, `group`, `samples`, `select`, `seed`, `shards` and `signatures`.\n"
        "\n"
        "1 problem in quantgate.yaml"
    )


def test_a_long_line_is_cut_around_the_position(refused: Callable[[str], SpecError], sound: str):
    long = "p" * 200
    error = refused(sound.replace("{source: test.npz, ", f"{{source: {long}, x: 1, z: {long}, "))
    assert str(error).splitlines()[1:3] == [
        "    ..." + "p" * 42 + ", x: 1, z: " + "p" * 35 + "...",
        " " * 51 + "^",
    ]


def test_many_problems_are_counted_and_not_all_shown(refused: Callable[[str], SpecError]):
    error = refused("version: 1\n" + "".join(f"unknown{number}: 1\n" for number in range(60)))
    assert len(error.problems) == 65
    assert str(error).count("\n\n") == 50
    assert str(error).endswith("65 problems in quantgate.yaml, of which the first 50 are shown")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("absent.yaml", f"absent.yaml does not exist. {NO_SPEC}"),
        (".", ". is a folder. Give the path of the spec file in it"),
        (
            "a\0b",
            "a\0b cannot be read: embedded null byte. Give the path of a spec file",
        ),
    ],
)
def test_a_path_without_a_file_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, message: str
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        load(Path(path))
    assert str(caught.value) == message


@pytest.mark.parametrize("name", ["model.tflite", "saved_model"])
def test_a_model_in_place_of_a_spec_gets_the_way_to_one(tmp_path: Path, name: str):
    (tmp_path / "saved_model").mkdir()
    (tmp_path / "saved_model" / "saved_model.pb").touch()
    (tmp_path / "model.tflite").write_bytes(b"\x1c\0\0\0TFL3\xff")
    model = tmp_path / name
    with pytest.raises(UsageError) as caught:
        load(model)
    assert str(caught.value) == (
        f"{model} is a model, not a spec. `quantgate init {model}` writes a spec for it"
    )


def test_a_missing_spec_gets_the_nearest_one_or_those_in_its_folder(tmp_path: Path):
    (tmp_path / "digits.yaml").touch()
    with pytest.raises(
        UsageError, match=r"dgits.yaml does not exist. Did you mean `digits.yaml`\?"
    ):
        load(tmp_path / "dgits.yaml")
    with pytest.raises(UsageError, match=f"exist\\. {re.escape(str(tmp_path))} has `digits"):
        load(tmp_path / "x.yaml")


def test_hidden_files_are_not_named_in_place_of_a_missing_spec(tmp_path: Path):
    (tmp_path / ".pre-commit-config.yaml").touch()
    with pytest.raises(UsageError) as caught:
        load(tmp_path / "x.yaml")
    assert str(caught.value) == f"{tmp_path}/x.yaml does not exist. {NO_SPEC}"


@pytest.mark.parametrize(
    "content",
    [
        "components: {}\ndeploymentSpec: {}\n",
        "apiVersion: pipelines.kubeflow.org/v2beta1\nkind: Pipeline\n",
    ],
)
def test_a_compiled_pipeline_is_no_spec(tmp_path: Path, content: str):
    pipeline = tmp_path / "pipeline.yaml"
    pipeline.write_text(content)
    with pytest.raises(UsageError, match="is a compiled pipeline, not a spec"):
        load(pipeline)
