"""Fixtures and options for every test."""

import fcntl
import gc
import importlib.util
import inspect
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from quantgate.foundation.extras import import_kfp_without_client

if TYPE_CHECKING:
    from quantgate.records.decision import Decision

HERE = Path(__file__).resolve().parent
SHARED_MODELS = HERE.parents[1] / "shared" / "models"

# A shared machine may be slow, so there is no deadline. CI repeats the same examples, and a
# developer gets new ones.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")

# The Makefile gives large pages to the processes that run tests, not to those that tests start.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("GLIBC_TUNABLES", "PYTHONMALLOC"):
        os.environ.pop(name, None)

# The import of kfp's client takes longer than that of all the rest, and few tests need it.
import_kfp_without_client()


MODULE_MARKS = re.compile(r"^pytestmark = (?:\[.*?^\]|[^\n]*)", re.MULTILINE | re.DOTALL)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out modules without a selected test, so that nothing is imported for them.

    A module that imports TensorFlow is marked as a whole, and `-m "not tensorflow"` spares the
    import. `-m "tensorflow and ..."` spares the modules that do not have the mark at all.
    """
    if not collection_path.name.startswith("test_"):
        return None
    text, expression = collection_path.read_text("utf-8"), config.option.markexpr
    module_marks = MODULE_MARKS.search(text)
    is_deselected = module_marks is not None and any(
        f"mark.{mark}" in module_marks[0] for mark in re.findall(r"not (\w+)", expression)
    )
    wanted = re.match(r"(\w+) and ", expression)
    is_unwanted = wanted is not None and f"mark.{wanted[1]}" not in text
    return True if is_deselected or is_unwanted else None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Refuse a module that imports TensorFlow although tests without it are asked for.

    Beside the seconds for the import, a process that holds TensorFlow compiles pipelines several
    times slower: kfp looks through all imported modules for each task.
    """
    report = yield
    if "not tensorflow" in collector.config.option.markexpr and "tensorflow" in sys.modules:
        raise pytest.UsageError(
            f"{collector.nodeid} imports TensorFlow while it is collected; mark the whole module "
            "`tensorflow`, or import it inside of a test"
        )
    return report


def pytest_collection_finish() -> None:
    """Exempt imported modules from garbage collection, which some tests start by themselves."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _quick_stacks() -> Iterator[None]:
    """Let kfp look up the names of its callers without the lines of their sources.

    For the lines Python looks through all imported modules, for each frame of each call.
    """
    kfp = sys.modules.get("kfp.dsl.pipeline_task")
    with pytest.MonkeyPatch.context() as patch:
        if kfp:
            patch.setattr(kfp, "inspect", SimpleNamespace(stack=partial(inspect.stack, 0)))
        yield


@pytest.fixture(scope="session")
def warm_process(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """A process that has imported what tasks need, and forks their servers."""
    place = HERE / "warm_fork_servers.py"
    spec = importlib.util.spec_from_file_location(place.stem, place)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.warm_process("not tensorflow" not in request.config.option.markexpr) as start:
        yield start


@pytest.fixture
def warm_fork_servers(warm_process: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork the servers of `run_pipeline` from `warm_process`."""
    monkeypatch.setattr("quantgate.local_runner.processes.server._start", warm_process)


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a folder once for all workers: `make_once(name, make)` calls `make(folder)`."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, finished = root / name, root / f"{name}.finished"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not finished.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                finished.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """The folder of the real trained models. Without it the test is skipped."""
    if not SHARED_MODELS.is_dir():
        pytest.skip(f"the real models are not at {SHARED_MODELS}")
    return SHARED_MODELS


@pytest.fixture(scope="session")
def make_digits() -> Callable[[Path], object]:
    """Make the model and the data of the demo in a folder."""
    from quantgate.commands.demo_digits import make_example

    return make_example


@pytest.fixture(scope="session")
def examples(make_once: Callable[..., Path], make_digits: Callable[[Path], object]) -> Path:
    """Folder of the example specs, with everything that they name on a machine."""
    return make_once("examples", lambda folder: _make_examples(folder, make_digits)) / "specs"


def _make_examples(folder: Path, make_digits: Callable[[Path], object]) -> None:
    make_digits(folder / "quantgate-demo")
    shutil.copytree(HERE.parent / "specs", folder / "specs")
    command = [sys.executable, HERE / "example_data.py", folder / "specs"]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="session")
def small_wins() -> Callable[..., "Decision"]:
    """Make a decision for `small`, of a model's hash, against `large`: `small_wins(sha256, ..)`."""
    return _small_wins


def _small_wins(sha256: str, **changes: Any) -> "Decision":
    from quantgate.records.decision import Decision
    from quantgate.records.entries import Entry
    from quantgate.records.provenance import Provenance

    def entry(name: str, model_sha256: str) -> Entry:
        return Entry(
            name=name,
            mode="dynamic_range",
            status="measured",
            reasons=[],
            model_sha256=model_sha256,
            measurements={},
            qualified=name == "small",
        )

    other = "0" * 64
    decision = Decision(
        name="fashion",
        created="2025-01-14",
        outcome="winner",
        winner="small",
        summary="",
        baseline=entry("float32", sha256 if changes.get("promotes") == "float32" else other),
        candidates=[entry("large", other), entry("small", sha256)],
        limits={},
        choose=[],
        provenance=Provenance(
            quantgate="0.1.0",
            tensorflow="2.21.0",
            litert="2.3.0",
            processor="cpu",
            spec_sha256=other,
            saved_model_sha256=other,
            calibration_sha256=None,
            evaluation_sha256=other,
            evaluation_samples=100,
        ),
    )
    return decision.model_copy(update=changes)
