"""Features that a backend refuses, and that quantgate's pipelines therefore avoid."""

import pytest
from kfp import dsl

from harness.storage import upload

pytestmark = pytest.mark.backend
component = dsl.component(base_image="none", install_kfp_package=False)


@component
def size_of(model: dsl.Input[dsl.Model]) -> int:
    """Return the size of a file."""
    from pathlib import Path

    return len(Path(model.path).read_bytes())


@component
def sizes_of(first: dsl.Input[dsl.Model], second: dsl.Input[dsl.Model]) -> int:
    """Return the size of two files."""
    from pathlib import Path

    return len(Path(first.path).read_bytes() + Path(second.path).read_bytes())


@pytest.fixture
def model(backend, tmp_path):
    """The URI of a file of ten bytes."""
    file = tmp_path / "model"
    file.write_text("0123456789")
    return upload(backend.s3, file, "models/ten")


def imported(model, name=None):
    """Import a model, under a display name or without one."""
    task = dsl.importer(artifact_uri=model, artifact_class=dsl.Model, reimport=False)
    return task.set_display_name(name) if name else task


def test_an_imported_file_reaches_a_task(backend, compiled, model) -> None:
    @dsl.pipeline(name="imports")
    def pipeline(model: str) -> int:
        return size_of(model=imported(model).output).output

    run = backend.run(compiled(pipeline), {"model": model})
    assert run.phase == "Succeeded"
    assert run.tasks["/size-of"].outputs == {"Output": 10}


def test_an_importer_with_a_display_name_is_not_found(backend, compiled, model) -> None:
    @dsl.pipeline(name="imports-by-name")
    def pipeline(model: str) -> int:
        return size_of(model=imported(model, "Import it").output).output

    run = backend.run(compiled(pipeline), {"model": model})
    assert run.phase == "Failed"
    (failure,) = run.failures
    assert 'cannot find producer task "importer' in failure.message


def test_an_artifact_under_two_names_is_refused(backend, compiled, model) -> None:
    @dsl.pipeline(name="twice")
    def pipeline(model: str) -> int:
        task = imported(model)
        return sizes_of(first=task.output, second=task.output).output

    run = backend.run(compiled(pipeline), {"model": model})
    assert run.phase == "Failed"
    (failure,) = run.failures
    # 2.16 looks for an existing execution, and fails as well.
    told = "AlreadyExists" if backend.built.version < "2.16" else "lookup existing execution"
    assert told in failure.message
