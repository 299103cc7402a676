"""Imports before and beside tasks."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH110, UP006, UP035

from pathlib import Path
from typing import List

import pytest
from kfp import dsl

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)


def test_imports_happen_once_before_the_first_task(run, tmp_path):
    @component
    def loaded() -> bool:
        import sys

        early = "xml.dom.pulldom" in sys.modules
        import xml.dom.pulldom  # noqa: F401

        return early

    @dsl.pipeline(name="early")
    def pipeline() -> bool:
        return loaded().output

    assert run(pipeline).outputs == {"Output": True}
    assert (tmp_path / "my logs" / "imports.log").read_text("utf-8") == ""


@pytest.fixture
def marked(tmp_path, monkeypatch):
    """A module `marked` that leaves a file behind when it is imported."""
    (tmp_path / "marked.py").write_text(f"open({str(tmp_path / 'mark')!r}, 'w').close()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return str(tmp_path / "mark")


def test_nothing_is_imported_beside_a_task_of_the_same_image(run, marked):
    @component
    def looks(path: str) -> bool:
        import os
        import time

        time.sleep(0.5)
        return os.path.exists(path)

    @component
    def imports_it(after: bool) -> bool:
        import marked  # noqa: F401

        return after

    @dsl.pipeline(name="alone")
    def pipeline(path: str) -> bool:
        return imports_it(after=looks(path=path).output).output

    assert run(pipeline, path=marked, jobs=2).outputs == {"Output": False}
    assert Path(marked).exists()


def test_imports_of_a_conditional_task_are_not_preloaded(run, marked, states):
    @component
    def look_for(path: str) -> str:
        import os
        import time

        time.sleep(0.5)
        return str(os.path.exists(path))

    @dsl.component(base_image="image:2", install_kfp_package=False)
    def imports_it():
        import marked  # noqa: F401

    @dsl.pipeline(name="foresight")
    def pipeline(path: str) -> str:
        looking = look_for(path=path)
        with dsl.If(looking.output == "neither"):
            imports_it()
        return looking.output

    result = run(pipeline, path=marked, jobs=2)
    assert result.outputs == {"Output": "False"}
    assert states(result)["imports-it"] == "SKIPPED"
    assert not Path(marked).exists()


def test_imports_of_one_image_are_not_in_tasks_of_another(run, marked):
    @dsl.component(base_image="image:1", install_kfp_package=False)
    def imports_it() -> bool:
        import marked  # noqa: F401

        return True

    @dsl.component(base_image="image:2", install_kfp_package=False)
    def knows_it(after: bool) -> bool:
        import sys

        return "marked" in sys.modules

    @dsl.pipeline(name="images")
    def pipeline() -> bool:
        return knows_it(after=imports_it().output).output

    assert run(pipeline).outputs == {"Output": False}


def test_imports_of_other_images_are_preloaded_during_the_first_import(
    run, marked, tmp_path, monkeypatch
):
    (tmp_path / "patient.py").write_text(
        "import os, time\n"
        "end = time.monotonic() + 60\n"
        f"while not os.path.exists({marked!r}) and time.monotonic() < end: time.sleep(0.01)\n"
        f"saw_it = os.path.exists({marked!r})\n"
    )

    @dsl.component(base_image="image:1", install_kfp_package=False)
    def waits() -> bool:
        import patient

        return patient.saw_it

    @dsl.component(base_image="image:2", install_kfp_package=False)
    def imports_it(after: bool) -> bool:
        import marked  # noqa: F401

        return after

    @dsl.pipeline(name="images")
    def pipeline() -> bool:
        return imports_it(after=waits().output).output

    assert run(pipeline, jobs=2).outputs == {"Output": True}


@pytest.mark.usefixtures("marked")
def test_validators_of_models_are_built_before_the_task(run, tmp_path):
    (tmp_path / "documents.py").write_text(
        "from pydantic import BaseModel, ConfigDict\n"
        "class Part(BaseModel):\n"
        "    model_config = ConfigDict(defer_build=True)\n"
        "    number: int\n"
        "class Whole(Part):\n"
        "    parts: list[Part]\n"
        "class Unfinished(Part):\n"
        "    later: 'Later'\n"
    )

    @component
    def sees_models() -> List[bool]:
        from documents import Part, Unfinished, Whole

        return [model.__pydantic_complete__ for model in (Part, Whole, Unfinished)]

    @dsl.pipeline(name="models")
    def pipeline() -> List[bool]:
        return sees_models().output

    assert run(pipeline).outputs == {"Output": [True, True, False]}
