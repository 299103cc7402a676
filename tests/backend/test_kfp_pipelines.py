"""Pipelines of KFP's test data run locally as expected, or fail as on a backend.

`kfp_pipelines.tsv` has the expected outcome of each, and the reason if that is not `runs`:

    runs             it succeeds
    fails            a task fails, as intended
    needs            it can be read, and needs the named service to run
    slow             it can be read, and sleeps for minutes
    refused          it uses a feature that the local runner does not support
    fails-as-kfp     a task fails, because KFP's driver fails there too
    refused-as-kfp   it is refused, because KFP refuses it or gives other results

QUANTGATE_KFP_SOURCE names the folder of KFP's source, of version 2.17. By default it is the one
that `make test-backend` builds KFP 2.17 from.
"""

import csv
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from quantgate.errors import PipelineError
from quantgate.local_runner import Pipeline, RunResult, read_pipeline, run_pipeline
from quantgate.local_runner.ir.values import type_name

pytestmark = [
    pytest.mark.backend,
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

_FOLDER = Path("test_data", "sdk_compiled_pipelines")
_TABLE = Path(__file__).with_name("kfp_pipelines.tsv")

#: Arguments for inputs without a default.
_EXAMPLES = {
    "NUMBER_INTEGER": 1, "NUMBER_DOUBLE": 1.0, "STRING": "example", "BOOLEAN": True, "LIST": [],
    "STRUCT": {},
}  # fmt: skip

#: The secrets that KFP's own tests create on a cluster.
_SECRETS = {
    "test-secret-1": {"username": "user1"},
    "test-secret-2": {"password": "psw1"},
    "test-secret-3": {"password": "psw2"},
}


def _expected() -> dict[str, str]:
    with _TABLE.open(encoding="utf-8", newline="") as stream:
        return {row[0]: row[1] for row in csv.reader(stream, delimiter="\t")}


_EXPECTED = _expected()


@pytest.fixture(scope="session")
def pipelines() -> Path:
    """The folder of KFP's compiled pipelines. Without it the test is skipped."""
    folder = Path(os.environ.get("QUANTGATE_KFP_SOURCE") or _source()) / _FOLDER
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}; name KFP's source in QUANTGATE_KFP_SOURCE")
    return folder


def _source() -> str:
    """Return the folder of the source of KFP 2.17."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("QUANTGATE_KFP_SOURCE is not set, and go is not installed")
    module = "github.com/kubeflow/pipelines"
    command = [go, "list", "-m", "-modfile=kfp-2.17.mod", "-f", "{{.Dir}}", module]
    listed = subprocess.run(
        command, cwd=Path(__file__).with_name("kfp"), capture_output=True, text=True, check=False
    )
    if listed.returncode or not listed.stdout.strip():
        pytest.skip(f"KFP 2.17 is not there; `make test-backend` fetches it: {listed.stderr}")
    return listed.stdout.strip()


def _named(*outcomes: str) -> Any:
    names = [name for name, outcome in _EXPECTED.items() if outcome in outcomes]
    assert names, outcomes
    return pytest.mark.parametrize("name", names)


def _run(pipeline: Pipeline, folder: Path) -> RunResult:
    definitions = pipeline.root.input_definitions.parameters
    arguments: dict[str, Any] = {
        name: _EXAMPLES[type_name(definitions[name])]
        for name in definitions
        if not definitions[name].HasField("default_value") and not definitions[name].is_optional
    }
    if "counter_path" in arguments:
        arguments["counter_path"] = str(folder / "counter")
    return run_pipeline(pipeline, arguments, folder / "out", folder / "logs", secrets=_SECRETS)


def test_the_table_is_complete(pipelines: Path) -> None:
    there = {
        path.relative_to(pipelines).as_posix()
        for suffix in ("yaml", "json")
        for path in pipelines.rglob(f"*.{suffix}")
    }
    assert there == set(_EXPECTED)


@_named("runs")
def test_a_pipeline_runs(pipelines: Path, tmp_path: Path, name: str) -> None:
    result = _run(read_pipeline(pipelines / name), tmp_path)
    assert result.succeeded, [(task.name, task.error) for task in result.tasks]


@_named("fails", "fails-as-kfp")
def test_a_pipeline_fails(pipelines: Path, tmp_path: Path, name: str) -> None:
    result = _run(read_pipeline(pipelines / name), tmp_path)
    assert not result.succeeded


@_named("needs", "slow")
def test_a_pipeline_can_be_read(pipelines: Path, name: str) -> None:
    assert read_pipeline(pipelines / name).root.dag.tasks


@_named("refused", "refused-as-kfp")
def test_a_pipeline_is_refused(pipelines: Path, name: str) -> None:
    with pytest.raises(PipelineError):
        read_pipeline(pipelines / name)


def test_the_final_status_is_that_of_kfps_test(pipelines: Path, tmp_path: Path) -> None:
    pipeline = read_pipeline(pipelines / "valid/critical/pipeline_with_input_status_state.yaml")
    result = _run(pipeline, tmp_path)
    assert [(task.name, task.error) for task in result.tasks] == [
        ("some-task", None), ("echo-state", None),
    ]  # fmt: skip
