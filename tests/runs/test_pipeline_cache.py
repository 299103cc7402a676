"""The cache of compiled pipelines."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from quantgate.pipelines import compile_pipeline
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.runs.pipeline_cache import write_pipeline
from quantgate.spec import LoadedSpec, load

SPEC = Path(__file__).resolve().parents[2] / "specs" / "smallest-on-cpu.yaml"

WRITE = """
import sys
from pathlib import Path
from quantgate.runs.pipeline_cache import write_pipeline
from quantgate.planning.planner import make_plan
from quantgate.spec import load

loaded = load(Path(sys.argv[1]), sys.argv[4:])
write_pipeline(make_plan(loaded.spec), loaded.sha256, Path(sys.argv[2]), Path(sys.argv[3]))
print("kfp.compiler" in sys.modules, "kfp.client" in sys.modules)
"""

COMPILED, TAKEN = "True False\n", "False False\n"


@pytest.fixture
def loaded() -> LoadedSpec:
    return load(SPEC)


@pytest.fixture
def plan(loaded: LoadedSpec) -> Plan:
    return make_plan(loaded.spec)


@pytest.fixture
def kept(plan: Plan, loaded: LoadedSpec, tmp_path: Path) -> Path:
    """The one kept pipeline of a cache in `tmp_path`."""
    write_pipeline(plan, loaded.sha256, tmp_path / "first.yaml", tmp_path / "cäche")
    (entry,) = (tmp_path / "cäche" / "pipelines").iterdir()
    return entry


def write(folder: Path, *overrides: str) -> str:
    """Write the pipeline in a subprocess, and return the modules that it imported."""
    command = [sys.executable, "-c", WRITE, SPEC, folder / "again.yaml", folder / "cäche"]
    done = subprocess.run([*command, *overrides], capture_output=True, text=True, check=True)
    return done.stdout


def test_an_unchanged_spec_is_not_compiled_again(kept, plan, loaded, tmp_path):
    compile_pipeline(plan, loaded.sha256, tmp_path / "compiled.yaml")
    assert write(tmp_path) == TAKEN
    expected = (tmp_path / "compiled.yaml").read_bytes()
    assert (tmp_path / "again.yaml").read_bytes() == expected
    assert (tmp_path / "first.yaml").read_bytes() == expected


def test_a_changed_spec_is_compiled(kept, tmp_path):
    assert write(tmp_path, "gate.top1.max_drop=0.3") == COMPILED
    assert write(tmp_path, "gate.top1.max_drop=0.3") == TAKEN


def test_a_plan_that_differs_for_the_same_spec_is_compiled(kept, plan, loaded, tmp_path):
    fewer = replace(plan, candidates=plan.candidates[:1])
    write_pipeline(fewer, loaded.sha256, tmp_path / "fewer.yaml", tmp_path / "cäche")
    assert (tmp_path / "fewer.yaml").read_bytes() != (tmp_path / "first.yaml").read_bytes()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sha256": "", "pipeline": "x"}'])
def test_a_damaged_entry_is_compiled_again(kept, plan, loaded, tmp_path, text):
    whole = kept.read_text()
    kept.write_text(text)
    write_pipeline(plan, loaded.sha256, tmp_path / "again.yaml", tmp_path / "cäche")
    assert (tmp_path / "again.yaml").read_bytes() == (tmp_path / "first.yaml").read_bytes()
    assert kept.read_text() == whole


def test_a_modified_entry_is_compiled_again(kept, tmp_path):
    document = json.loads(kept.read_text())
    document["pipeline"] += "# changed"
    kept.write_text(json.dumps(document))
    assert write(tmp_path) == COMPILED
    assert (tmp_path / "again.yaml").read_bytes() == (tmp_path / "first.yaml").read_bytes()


def test_a_cache_that_cannot_be_written_changes_nothing(plan, loaded, tmp_path):
    (tmp_path / "cäche").write_text("a file stands here")
    assert write(tmp_path) == COMPILED
    assert (tmp_path / "cäche").read_text() == "a file stands here"


def test_kfp_without_its_client_can_compile(tmp_path):
    """`kfp.dsl` imported afterwards is the compiler's, not the runtime's."""
    code = (
        "from quantgate.foundation.extras import import_kfp_without_client\n"
        "import os, sys\n"
        "import_kfp_without_client()\n"
        "from kfp import compiler, dsl, local\n"
        "print(dsl.ParallelFor.__name__, '_KFP_RUNTIME' in os.environ, 'kfp.client' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "ParallelFor False False\n"
