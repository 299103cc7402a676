"""One task: its process, its contract with KFP's launcher, and its failures."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH109, PTH123, T201, UP045

import os
from pathlib import Path
from typing import Optional

import pytest
from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output, OutputPath

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)


def test_a_task_gets_its_working_directory_and_environment(run, tmp_path):
    @component
    def look() -> dict:
        import os
        import tempfile

        open("scrap", "w").close()
        print("to the log")
        os.system("echo from a child process")
        return {
            "session": os.getsid(0) == os.getpid(),
            "folder": os.getcwd(),
            "scratch": tempfile.gettempdir(),
            "home": os.environ["HOME"],
            "runtime": os.environ["_KFP_RUNTIME"],
            "set": os.environ["GREETING"],
        }

    @dsl.pipeline(name="surroundings")
    def pipeline(greeting: str) -> dict:
        return look().set_env_variable("GREETING", "hello").output

    result = run(pipeline, greeting="x")

    seen = result.outputs["Output"]
    folder, scratch = Path(seen.pop("folder")), Path(seen.pop("scratch"))
    assert seen == {
        "session": True, "home": os.environ["HOME"], "runtime": "true", "set": "hello",
    }  # fmt: skip
    assert scratch != tmp_path
    assert not folder.exists()
    assert not scratch.exists()
    log = tmp_path / "my logs" / "look.log"
    assert result.tasks[0].log == log
    assert log.read_text("utf-8") == "to the log\nfrom a child process\n"


def test_a_crash_is_named_and_the_last_lines_are_kept(run):
    @component
    def crash():
        import ctypes

        print("before the crash")
        ctypes.string_at(0)

    @dsl.pipeline(name="crashing")
    def pipeline():
        crash()

    task = run(pipeline).tasks[0]
    assert task.error == "crashed with SIGSEGV"
    assert "before the crash" in task.log_tail
    assert "Fatal Python error: Segmentation fault" in task.log_tail


def test_a_killed_task_hints_at_memory(run):
    @component
    def kill():
        import os

        os.kill(os.getpid(), 9)

    @dsl.pipeline(name="killed")
    def pipeline():
        kill()

    assert run(pipeline).tasks[0].error == ("crashed with SIGKILL, perhaps out of memory")


def test_an_expected_error_is_reported_without_the_log(run):
    @component
    def refuse():
        from quantgate.errors import InputError

        raise InputError("the data set is empty. Add samples")

    @dsl.pipeline(name="refusing")
    def pipeline():
        refuse()

    assert run(pipeline).tasks[0].error == "the data set is empty. Add samples"


def test_an_exit_is_judged_by_its_code_and_the_outputs(run):
    @component
    def leave(code: int):
        import sys

        sys.exit(code)

    @component
    def leave_early(text: OutputPath(str)):
        raise SystemExit

    @dsl.pipeline(name="leaving")
    def pipeline():
        leave(code=3)
        leave(code=0)
        leave_early()

    assert {task.name: task.error for task in run(pipeline).tasks} == {
        "leave": "the task ended itself with exit code 3",
        "leave-2": None,
        "leave-early": "the output parameter `text` was not written",
    }


def test_a_missing_import_is_the_tasks_own_failure(run):
    @component
    def needs():
        import no_such_module  # noqa: F401

    @component
    def fine() -> int:
        return 1

    @dsl.pipeline(name="importing")
    def pipeline() -> int:
        needs()
        return fine().output

    result = run(pipeline)
    errors = {task.name: task.error for task in result.tasks}
    assert errors == {
        "needs": "ModuleNotFoundError: No module named 'no_such_module'", "fine": None,
    }  # fmt: skip
    assert result.outputs == {"Output": 1}


def test_a_missing_output_parameter_fails_by_name(run):
    @component
    def forget(path: OutputPath(int)):
        pass

    @dsl.pipeline(name="forgetting")
    def pipeline():
        forget()

    assert run(pipeline).tasks[0].error == "the output parameter `path` was not written"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("seven", "output parameter `path`: expected NUMBER_INTEGER, got 'seven'"),
        ("7\n", None),
    ],
)
def test_an_output_parameter_of_another_type_fails(run, text, error):
    @component
    def hand_out(text: str, path: OutputPath(int)):
        with open(path, "w") as stream:
            stream.write(text)

    @dsl.pipeline(name="mistyped")
    def pipeline(text: str):
        hand_out(text=text)

    assert run(pipeline, text=text).tasks[0].error == error


def test_an_artifact_that_was_not_written_is_a_warning(run):
    @component
    def forget(out: Output[Artifact]):
        pass

    @dsl.pipeline(name="unwritten")
    def pipeline():
        forget()

    task = run(pipeline).tasks[0]
    assert task.error is None
    assert task.log_tail == ("[local runner] warning: the output artifact `out` was not written")


def test_metadata_without_a_value_fails(run):
    @component
    def annotate(out: Output[Artifact]):
        open(out.path, "w").close()
        out.metadata["score"] = None

    @dsl.pipeline(name="null")
    def pipeline():
        annotate()

    assert run(pipeline).tasks[0].error == ("output artifact `out`: its metadata `score` is null")


def test_optional_inputs_may_be_missing(run):
    @component
    def choose(data: Input[Dataset] = None, text: Optional[str] = None, count: int = 3) -> str:
        return repr([data, text, count])

    @dsl.pipeline(name="optional")
    def pipeline(text: Optional[str] = None) -> str:
        return choose(text=text).output

    assert run(pipeline).outputs == {"Output": "[None, None, 3]"}
    assert run(pipeline, text="x").outputs == {"Output": "[None, 'x', 3]"}
