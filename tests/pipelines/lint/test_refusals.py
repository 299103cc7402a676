"""Refused files and pipelines, and the command `quantgate lint`."""

import json
from pathlib import Path

import pytest

from quantgate.cli import main
from quantgate.errors import PipelineError, UsageError
from quantgate.foundation.pipeline_file import read_pipeline_file
from quantgate.pipelines import compile_pipeline
from quantgate.planning.planner import make_plan
from quantgate.spec.model.spec import Spec

GOLDENS = sorted((Path(__file__).parents[1] / "goldens").glob("*.pipeline.yaml"))


def test_compiling_refuses_pipelines_with_errors(tmp_path: Path) -> None:
    nodes = [f"layer-{number}/of/a/model/with/long/names" for number in range(4_000)]
    plan = make_plan(
        Spec.model_validate(
            {
                "version": 1,
                "name": "digits",
                "model": {"saved_model": "model"},
                "data": {
                    "calibration": {"source": "train.npz"},
                    "evaluation": {"source": "test.npz", "label": "y"},
                },
                "quantize": {"modes": [{"mode": "full_integer", "exclude": {"nodes": nodes}}]},
                "measure": {"metrics": ["top1"]},
                "gate": {"top1": {"max_drop": 0.01}},
            }
        )
    )
    with pytest.raises(PipelineError) as caught:
        compile_pipeline(plan, "0" * 64, tmp_path / "pipeline.yaml")
    assert str(caught.value) == (
        "a cluster would not run the pipeline of digits:\n"
        "  task `for-loop-2`, items of the loop: they are 163,015 bytes as one argument, but Linux "
        "takes at most 131,071. Pass long values as artifacts (argument-size)\n"
        "A spec with fewer candidates or shorter lists compiles into a smaller pipeline"
    )
    assert list(tmp_path.iterdir()) == []


def test_command_prints_findings(tmp_path: Path, capsys) -> None:
    assert main(["lint", str(GOLDENS[0])]) == 0
    printed = capsys.readouterr().out
    assert printed == (
        "warning image-digest\n"
        "  image `quantgate/convert:0.1.0`: its tag may point to another image later, and the "
        "cache would\n  not notice. Pin its digest, as in name@sha256:...\n\n"
        "warning image-digest\n"
        "  image `quantgate/runtime:0.1.0`: its tag may point to another image later, and the "
        "cache would\n  not notice. Pin its digest, as in name@sha256:...\n\n"
        f"2 warnings in {GOLDENS[0]}\n"
    )
    pinned = tmp_path / "pinned.yaml"
    pinned.write_text(GOLDENS[0].read_text().replace(":0.1.0", "@sha256:0"))
    assert main(["lint", str(pinned)]) == 0
    assert capsys.readouterr().out == f"{pinned} has no problems\n"


def test_command_prints_findings_as_json(tmp_path: Path, capsys) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(GOLDENS[0].read_text() + "# " + "x" * 700_000 + "\n")
    assert main(["lint", "--json", str(path)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["pipeline"] == str(path)
    assert [(finding["rule"], finding["severity"]) for finding in told["findings"]] == [
        ("pipeline-size", "error"),
        ("image-digest", "warning"),
        ("image-digest", "warning"),
    ]


NOT_COMPILED = "not a pipeline compiled by KFP v2, because"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [", f"{NOT_COMPILED} line 2 is not YAML. Compile it again"),
        (b"\xff\xfe", f"{NOT_COMPILED} it is not text. Compile it again"),
        (b"- 1", f"{NOT_COMPILED} it holds no mapping. Compile it again"),
        (b"", f"{NOT_COMPILED} it holds no mapping. Compile it again"),
        (
            b"version: 1\nname: spec\n",
            f"{NOT_COMPILED} it has no section `pipelineInfo`. Compile it again",
        ),
    ],
    ids=["cut off", "binary", "a list", "empty", "a spec"],
)
def test_file_without_a_pipeline_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_bytes(content)
    with pytest.raises(PipelineError) as caught:
        read_pipeline_file(path)
    assert str(caught.value) == f"{path}: {said}"


def test_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    with pytest.raises(UsageError) as caught:
        read_pipeline_file(path)
    assert str(caught.value) == (
        f"{path}: cannot be read (No such file or directory). Name a compiled pipeline"
    )
