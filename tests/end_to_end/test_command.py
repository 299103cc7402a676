"""The verbs that need no TensorFlow."""

import subprocess
import sys
from pathlib import Path

import pytest

SPECS = Path(__file__).resolve().parents[2] / "specs"
#: A model and data that no check of this machine opens.
REMOTE = (
    "--set=model.saved_model=gs://bucket/model",
    "--set=data.calibration.source=gs://bucket/calibration.npz",
    "--set=data.evaluation.source=gs://bucket/evaluation.npz",
)
VERBS = ("init", "validate", "plan", "compile", "run", "show", "demo")


def test_help_names_every_verb_and_exit_code(quantgate) -> None:
    done = quantgate("--help")
    assert done.returncode == 0
    for verb in VERBS:
        assert f"    {verb} " in done.stdout
    assert "  4  no candidate meets the limits" in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(quantgate, verb: str) -> None:
    done = quantgate(verb, "--help")
    assert done.returncode == 0
    assert len(done.stdout.split()) > 40


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("validate", "--help"), ("plan", SPECS / "smallest-on-cpu.yaml", *REMOTE)],
    ids=["help", "validate --help", "plan"],
)
def test_light_verbs_import_no_heavy_library(quantgate, arguments: tuple, tmp_path: Path) -> None:
    """Imports are what makes a verb slow, so they are checked instead of the seconds."""
    code = (
        "import sys; from quantgate.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "heavy = {'tensorflow', 'kfp', 'sklearn', 'ai_edge_litert', 'numpy', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip() == "[]"


def test_a_missing_verb_is_wrong_usage(quantgate) -> None:
    done = quantgate()
    assert done.returncode == 2
    assert done.stdout.startswith("usage: quantgate [-h]")


def test_init_writes_a_valid_spec(quantgate, tmp_path: Path) -> None:
    folder = tmp_path / "My Model (v2)"
    folder.mkdir()
    done = quantgate("init", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "name: my-model-v2" in (folder / "quantgate.yaml").read_text()
    planned = quantgate("plan", "quantgate.yaml", *REMOTE, cwd=folder)
    assert planned.returncode == 0, planned.stderr
    assert "  in   integer_only_int8" in planned.stdout


def test_plan_refuses_what_validate_refuses(quantgate, tmp_path: Path) -> None:
    assert quantgate("init", cwd=tmp_path).returncode == 0
    validated, planned = (
        quantgate(verb, "quantgate.yaml", cwd=tmp_path) for verb in ("validate", "plan")
    )
    assert validated.returncode == planned.returncode == 3
    assert validated.stderr == planned.stderr
    assert "`model.saved_model` does not exist" in planned.stderr


@pytest.mark.parametrize("metric", ["top1", "roc_auc", "mse", "psnr"])
def test_init_knows_every_metric(quantgate, tmp_path: Path, metric: str) -> None:
    spec = tmp_path / "spec.yaml"
    assert quantgate("init", spec, "--metric", metric, "--label", "a: b").returncode == 0
    planned = quantgate("plan", spec, *REMOTE)
    assert planned.returncode == 0, planned.stderr


def test_specs_of_one_folder_have_separate_names_and_targets(quantgate, tmp_path: Path) -> None:
    spec = tmp_path / "Key_words.yaml"
    assert quantgate("init", spec).returncode == 0
    text = spec.read_text()
    assert "\nname: key-words\n" in text
    assert "#   to: promoted/key-words " in text


def test_init_never_replaces_a_file(quantgate, tmp_path: Path) -> None:
    spec = tmp_path / "quantgate.yaml"
    spec.write_text("mine")
    done = quantgate("init", spec)
    assert (done.returncode, done.stderr) == (
        2,
        f"error: {spec} exists already. Choose another name with -o\n",
    )
    assert spec.read_text() == "mine"


def test_plan_shows_the_decisive_branch(quantgate) -> None:
    done = quantgate("plan", SPECS / "integer-only-microcontroller.yaml", *REMOTE)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == (
        "integer-only-microcontroller: target microcontroller, with representative data: "
        "microcontrollers run integer-only models"
    )
    assert "  in   integer_only_int8        microcontrollers run integer-only models" in lines
    assert "  Quantize x 2" in lines


def test_plan_takes_overrides(quantgate) -> None:
    done = quantgate(
        "plan", SPECS / "smallest-on-cpu.yaml", "--set", "quantize.target=gpu", *REMOTE
    )
    assert (
        "  out  int16x8                  the mode for a GPU is float16. Name it in quantize.modes "
        "to try it anyway" in (done.stdout.splitlines())
    )


def test_compile_writes_the_same_bytes_twice(quantgate, tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        done = quantgate("compile", SPECS / "float16-gpu.yaml", "-o", tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"wrote {tmp_path / name}: pipeline float16-gpu, 2 candidates\n"
    assert (tmp_path / "one.yaml").read_bytes() == (tmp_path / "two.yaml").read_bytes()


def test_a_missing_spec_is_wrong_usage(quantgate, tmp_path: Path) -> None:
    for verb in ("validate", "plan", "compile", "run"):
        done = quantgate(verb, tmp_path / "none.yaml")
        assert done.returncode == 2, verb
        assert str(tmp_path / "none.yaml") in done.stderr


def test_an_invalid_spec_shows_every_problem(quantgate, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    text = (SPECS / "float16-gpu.yaml").read_text()
    spec.write_text(text.replace("label: labels", "lable: labels").replace("[top1]", "[top2]"))
    done = quantgate("validate", spec)
    assert done.returncode == 3
    assert "`label`" in done.stderr
    assert "Did you mean `top" in done.stderr
    assert f"{spec}:" in done.stderr


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_jobs_must_be_a_positive_number(quantgate, jobs: str) -> None:
    done = quantgate("run", SPECS / "float16-gpu.yaml", f"--jobs={jobs}")
    assert done.returncode == 2
    assert f"argument --jobs: {jobs} is not a whole number of at least 1" in done.stderr
