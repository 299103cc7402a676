"""Artifacts that a pipeline imports."""

# KFP needs the old spellings of types, and components are written as users write them.

import pytest
from kfp import dsl
from kfp.dsl import Dataset, Model
from small_components import add, measure, read, write

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]


def test_an_imported_file_reaches_its_reader_and_metadata_its_consumer(run, tmp_path):
    source = tmp_path / "a file.txt"
    source.write_text("imported")

    @dsl.pipeline(name="imports")
    def pipeline(uri: str, who: str) -> str:
        data = dsl.importer(
            artifact_uri=uri, artifact_class=Dataset, metadata={"length": 3, "by": who}
        )
        copy = write(text=read(data=data.output).output)
        add(a=measure(data=data.output).output)
        return read(data=copy.output).output

    for uri in (str(source), source.as_uri()):
        result = run(pipeline, uri=uri, who="me")
        assert (result.succeeded, result.outputs) == (True, {"Output": "imported"})


def test_a_constant_uri_is_imported(run, tmp_path):
    source = tmp_path / "folder"
    source.mkdir()

    @dsl.pipeline(name="constant")
    def pipeline() -> Model:
        return dsl.importer(artifact_uri=str(source), artifact_class=Model).output

    imported = run(pipeline).outputs["Output"]
    assert (imported.path, imported.type) == (source, "system.Model")


def test_a_missing_file_and_a_remote_one_fail_their_imports(run, tmp_path):
    @dsl.pipeline(name="missing")
    def pipeline(here: str, there: str):
        read(data=dsl.importer(artifact_uri=here, artifact_class=Dataset).output)
        dsl.importer(artifact_uri=there, artifact_class=Dataset)
        dsl.importer(artifact_uri="", artifact_class=Dataset)

    result = run(pipeline, here=str(tmp_path / "gone"), there="nowhere://bucket/data")

    assert {task.name: task.error for task in result.tasks} == {
        "importer": f"cannot import {tmp_path}/gone: there is no such file or folder",
        "importer-2": "cannot fetch nowhere://bucket/data: Protocol not known: nowhere. "
        "`nowhere://` needs fsspec and the package it asks for, "
        "`pip install 'quantgate[s3]'` for S3",
        "importer-3": "cannot import anything: its URI is empty. Give it a file or folder",
        "read": "skipped, because `importer` failed",
    }
