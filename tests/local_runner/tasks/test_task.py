"""One task: its process, its contract with KFP's launcher, and its failures."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH107, PTH109, PTH110, PTH118, PTH123, PTH208, T201, UP006, UP035, UP045

import os
from pathlib import Path
from typing import List, Optional

import pytest
from kfp import dsl, kubernetes
from kfp.dsl import Artifact, Dataset, Input, Output, OutputPath
from kfp.pipeline_spec import pipeline_spec_pb2

from quantgate.local_runner.tasks.task import pause

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)


def only_task(result):
    (task,) = result.tasks
    return task


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
    assert only_task(result).log == log
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

    task = only_task(run(pipeline))
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

    assert only_task(run(pipeline)).error == ("crashed with SIGKILL, perhaps out of memory")


def test_an_expected_error_is_reported_without_the_log(run):
    @component
    def refuse():
        from quantgate.errors import InputError

        raise InputError("the data set is empty. Add samples")

    @dsl.pipeline(name="refusing")
    def pipeline():
        refuse()

    assert only_task(run(pipeline)).error == "the data set is empty. Add samples"


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

    assert only_task(run(pipeline)).error == "the output parameter `path` was not written"


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

    assert only_task(run(pipeline, text=text)).error == error


def test_an_artifact_that_was_not_written_is_a_warning(run):
    @component
    def forget(out: Output[Artifact]):
        pass

    @dsl.pipeline(name="unwritten")
    def pipeline():
        forget()

    task = only_task(run(pipeline))
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

    assert only_task(run(pipeline)).error == ("output artifact `out`: its metadata `score` is null")


def test_optional_inputs_may_be_missing(run):
    @component
    def choose(data: Input[Dataset] = None, text: Optional[str] = None, count: int = 3) -> str:
        return repr([data, text, count])

    @dsl.pipeline(name="optional")
    def pipeline(text: Optional[str] = None) -> str:
        return choose(text=text).output

    assert run(pipeline).outputs == {"Output": "[None, None, 3]"}
    assert run(pipeline, text="x").outputs == {"Output": "[None, 'x', 3]"}


def test_a_retry_succeeds_on_the_second_attempt(run, tmp_path):
    @component
    def flaky(marker: str, out: Output[Dataset]) -> int:
        import os

        attempts = len(os.listdir(marker)) + 1
        open(os.path.join(marker, str(attempts)), "w").close()
        assert not os.path.exists(out.path), "left over from the first attempt"
        open(out.path, "w").close()
        if attempts == 1:
            raise OSError("not yet")
        return attempts

    @dsl.pipeline(name="retrying")
    def pipeline(marker: str) -> int:
        task = flaky(marker=marker)
        task.set_retry(2, backoff_duration="1s", backoff_factor=1, backoff_max_duration="1s")
        return task.outputs["Output"]

    marker = tmp_path / "marker"
    marker.mkdir()
    result = run(pipeline, marker=str(marker))

    assert result.outputs == {"Output": 2}
    assert "[local runner] attempt 1 failed: OSError: not yet" in only_task(result).log_tail
    first, second = (marker / name for name in "12")
    assert second.stat().st_mtime - first.stat().st_mtime >= 1.0


def test_pauses_between_retries_grow_to_their_limit():
    policy = pipeline_spec_pb2.PipelineTaskSpec.RetryPolicy(backoff_factor=2.0)
    policy.backoff_duration.seconds = 5
    policy.backoff_max_duration.seconds = 60
    assert [pause(policy, attempt) for attempt in (0, 1, 2, 10, 5_000)] == [5, 10, 20, 60, 60]


def test_a_retry_starts_with_an_empty_output_folder(run):
    @dsl.container_component
    def spoil(out: Output[Dataset]):
        script = 'rm -r "${0%/*}" && : > "${0%/*}"; exit 3'
        return dsl.ContainerSpec(image="busybox", command=["sh", "-c", script], args=[out.path])

    @dsl.pipeline(name="spoiling")
    def pipeline():
        spoil().set_retry(1, backoff_duration="0s")

    assert only_task(run(pipeline)).error == "ended with exit code 3"


def test_a_task_fails_after_its_last_retry(run):
    @component
    def fail():
        raise OSError("never")

    @dsl.pipeline(name="hopeless")
    def pipeline():
        fail().set_retry(1, backoff_duration="0s")

    task = only_task(run(pipeline))
    assert task.error == "OSError: never"
    assert task.log.read_text("utf-8").count("Traceback") == 2


def test_a_task_that_takes_too_long_is_ended_with_all_it_started(run, tmp_path, is_running):
    @component
    def linger(pids: str):
        import os
        import subprocess

        print("waiting")
        subprocess.run(["sh", "-c", "echo $$ > $0; exec sleep 97531", os.path.join(pids, "1")])

    @dsl.container_component
    def linger_too(pids: str):
        script = "sleep 97531 & echo $! > $0/2; wait"
        return dsl.ContainerSpec(image="busybox", command=["sh", "-c", script], args=[pids])

    @dsl.pipeline(name="slow")
    def pipeline(pids: str):
        for task in (linger(pids=pids), linger_too(pids=pids)):
            kubernetes.set_timeout(task, 1)

    first, second = run(pipeline, pids=str(tmp_path)).tasks
    error = "took longer than its 1 s, and was ended by SIGALRM"
    assert (first.error, second.error) == (error, error)
    assert sorted([first.log_tail, second.log_tail]) == ["", "waiting"]
    assert not any(is_running(int((tmp_path / name).read_text())) for name in "12")


def test_a_container_component_runs_its_command(run):
    @dsl.container_component
    def shell(
        text: str, count: int, out: Output[Artifact], words: OutputPath(str),
        extra: Optional[str] = None,
    ):  # fmt: skip
        return dsl.ContainerSpec(
            image="alpine",
            command=["sh", "-ec", 'echo "$1" > "$2"; shift 2; printf "%s|" "$@" > "$0"'],
            args=[
                words,
                dsl.ConcatPlaceholder(["<", text, ">"]),
                out.path,
                count,
                dsl.IfPresentPlaceholder("extra", ["--extra", extra], else_=["--none"]),
            ],
        )

    @component
    def read(data: Input[Artifact], words: str) -> List[str]:
        return [open(data.path).read(), words]

    @dsl.pipeline(name="shells")
    def pipeline(extra: Optional[str] = None) -> List[str]:
        done = shell(text="a b $HOME", count=2, extra=extra)
        return read(data=done.outputs["out"], words=done.outputs["words"]).output

    assert run(pipeline).outputs == {"Output": ["<a b $HOME>\n", "2|--none|"]}
    assert run(pipeline, extra="x y").outputs["Output"][1] == "2|--extra|x y|"


def test_a_failed_command_reports_its_exit_code(run):
    @dsl.container_component
    def fail():
        return dsl.ContainerSpec(image="alpine", command=["sh", "-c", "echo oh >&2; exit 3"])

    @dsl.pipeline(name="shell-fails")
    def pipeline():
        fail()

    task = only_task(run(pipeline))
    assert (task.error, task.log_tail) == ("ended with exit code 3", "oh")


def test_pip_is_not_called_and_the_log_says_so(run):
    @dsl.component(base_image="image:1", packages_to_install=["no-such-package"])
    def install() -> int:
        return 1

    @dsl.pipeline(name="installing")
    def pipeline() -> int:
        return install().output

    result = run(pipeline)
    assert result.outputs == {"Output": 1}
    assert only_task(result).log_tail == (
        "[local runner] pip is not called. The task uses the packages of this environment"
    )


def test_independent_tasks_run_side_by_side(run, tmp_path):
    @component
    def meet(mine: str, other: str):
        import os
        import time

        open(mine, "w").close()
        limit = time.monotonic() + 60
        while not os.path.exists(other):
            assert time.monotonic() < limit, "nobody came"
            time.sleep(0.01)

    @dsl.pipeline(name="meeting")
    def pipeline(a: str, b: str):
        meet(mine=a, other=b)
        meet(mine=b, other=a)

    places = {"a": str(tmp_path / "a"), "b": str(tmp_path / "b")}
    assert run(pipeline, jobs=2, **places).succeeded


def test_a_task_that_asks_for_the_machine_runs_alone(run, tmp_path):
    @component
    def alone(folder: str, item: int) -> int:
        import os
        import time

        mine = os.path.join(folder, str(item))
        open(mine, "w").close()
        seen = len(os.listdir(folder))
        time.sleep(0.05)
        os.remove(mine)
        return seen

    @component
    def most(seen: List[int]) -> int:
        return max(seen)

    @dsl.pipeline(name="lonely")
    def pipeline(folder: str) -> int:
        with dsl.ParallelFor([1, 2, 3]) as item:
            task = alone(folder=folder, item=item).set_cpu_request("64").set_memory_request("9T")
        return most(seen=dsl.Collected(task.output)).output

    (tmp_path / "room").mkdir()
    assert run(pipeline, folder=str(tmp_path / "room"), jobs=4).outputs == {"Output": 1}


def test_forks_of_one_server_draw_different_numbers(run):
    @component
    def draw() -> str:
        import random

        import numpy

        return f"{random.random()} {numpy.random.rand()}"

    @component
    def count(draws: List[str]) -> int:
        return len({number for draw in draws for number in draw.split()})

    @dsl.pipeline(name="drawing")
    def pipeline() -> int:
        with dsl.ParallelFor([1, 2, 3]):
            task = draw()
        return count(draws=dsl.Collected(task.output)).output

    assert run(pipeline).outputs == {"Output": 6}


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


def test_the_garbage_collector_leaves_imported_modules_alone(run):
    @component
    def left_alone() -> bool:
        import gc

        return gc.isenabled() and gc.get_freeze_count() > 10_000

    @dsl.pipeline(name="collecting")
    def pipeline() -> bool:
        return left_alone().output

    assert run(pipeline).outputs == {"Output": True}


def test_processes_that_a_task_leaves_running_end_with_it(run, is_running):
    @component
    def linger() -> int:
        import subprocess

        return subprocess.Popen(["sleep", "600"]).pid

    @dsl.pipeline(name="lingering")
    def pipeline() -> int:
        return linger().output

    pid = run(pipeline).outputs["Output"]
    assert not is_running(pid)


def test_a_dead_server_fails_its_tasks(run, tmp_path):
    @component
    def kill_parent():
        import os
        import time

        os.kill(os.getppid(), 9)
        time.sleep(60)

    @dsl.pipeline(name="orphaned")
    def pipeline():
        kill_parent()

    assert only_task(run(pipeline)).error == (
        "the process that starts tasks has died. Its output is in "
        f"{tmp_path / 'my logs' / 'imports.log'}"
    )


@pytest.mark.tensorflow
def test_tensorflow_is_imported_once_and_works_in_every_fork(run):
    @component
    def double(number: int) -> List[str]:
        import sys

        early = "tensorflow" in sys.modules
        import tensorflow as tf

        return [str(early), str(float(tf.reduce_sum(tf.ones([3, 3]) * number)))]

    @dsl.pipeline(name="tensors")
    def pipeline() -> List[list]:
        with dsl.ParallelFor([1, 2]) as number:
            task = double(number=number)
        return dsl.Collected(task.output)

    assert run(pipeline).outputs == {"Output": [["True", "9.0"], ["True", "18.0"]]}
