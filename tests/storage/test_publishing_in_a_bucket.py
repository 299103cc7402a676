"""Promotion into a bucket: complete or not at all, with `latest` last, even in parallel."""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from quantgate.components.promote.versions import Promotion
from quantgate.components.promote.work import promote, roll_back
from quantgate.errors import InputError, StorageError
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.foundation.storage import gcs_client

# Google's client does not close the connections of refused requests.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

TO = "gs://bucket/models/fashion"
FOLDER = "models/fashion"


def version_of(content):
    return sha256_of_bytes(content)[:16]


def publish(arguments):
    promote(to=TO, **arguments)
    return Promotion.read(arguments["manifest_path"])


def refusal(action, *arguments):
    with pytest.raises((InputError, StorageError)) as caught:
        action(*arguments)
    return str(caught.value)


def generations(bucket):
    return {name: stored.generation for name, stored in bucket.objects.items()}


@pytest.fixture
def latest(bucket, check_fleet):
    """Check the fleet, and return the version that `latest` names."""

    def read(name):
        stored = bucket.objects.get(f"{FOLDER}/{name}")
        return stored.content if stored else None

    return lambda *allowed: check_fleet(read, allowed)


def test_version_has_four_objects_and_latest_names_it(bucket, decided, latest):
    promotion = publish(decided())
    version = version_of(b"model")
    assert sorted(bucket.objects) == [
        f"{FOLDER}/{version}/README.md",
        f"{FOLDER}/{version}/decision.json",
        f"{FOLDER}/{version}/manifest.json",
        f"{FOLDER}/{version}/model.tflite",
        f"{FOLDER}/latest",
    ]
    assert bucket.text(f"{FOLDER}/latest") == f"{version}\n"
    assert latest(version) == version
    assert (promotion.version, promotion.candidate) == (version, "small")
    uploaded = [name.rpartition("/")[2] for method, name in bucket.methods if method == "POST"]
    assert uploaded == ["model.tflite", "decision.json", "README.md", "manifest.json", "latest"]


def test_compiled_models_are_published_beside_the_model(bucket, decided, tmp_path):
    (tmp_path / "ethos_u.tflite").write_bytes(b"npu")
    compiled = {"compiled_path": str(tmp_path)}
    plain = publish(decided())
    promotion = publish({**decided(), **compiled})
    name = f"{FOLDER}/{promotion.version}/ethos_u.tflite"
    assert bucket.objects[name].content == b"npu"
    assert promotion.files["ethos_u.tflite"].sha256 == sha256_of_bytes(b"npu")
    before = generations(bucket)
    assert publish({**decided(), **compiled}) == promotion
    assert generations(bucket) == before
    (tmp_path / "ethos_u.tflite").write_bytes(b"of a newer Vela")
    assert publish({**decided(), **compiled}).version not in (promotion.version, plain.version)
    assert bucket.objects[name].content == b"npu"


def test_version_is_the_same_as_in_a_folder(bucket, decided, tmp_path):
    for content in (b"one", b"two"):
        publish(decided(content))
        promote(to=str(tmp_path / "fleet"), **decided(content))
    here = {
        path.relative_to(tmp_path / "fleet").as_posix(): path.read_bytes()
        for path in (tmp_path / "fleet").rglob("*")
        if path.is_file()
    }
    there = {
        name.removeprefix(f"{FOLDER}/"): stored.content for name, stored in bucket.objects.items()
    }
    assert here == there
    assert len(here) == 10


def test_repeated_promotion_writes_nothing(bucket, decided):
    first = publish(decided())
    before = generations(bucket)
    assert publish(decided()) == first
    assert publish(decided(created="2025-02-01")) == first
    assert generations(bucket) == before


@pytest.mark.parametrize("damage", ["model.tflite", "decision.json", "README.md", "manifest.json"])
@pytest.mark.parametrize("content", [b"{}", None])
def test_damaged_or_missing_files_are_published_again(bucket, decided, latest, damage, content):
    version = publish(decided()).version
    name = f"{FOLDER}/{version}/{damage}"
    bucket.put(name, b"{}") if content else bucket.objects.pop(name)
    publish(decided())
    assert latest(version) == version


def test_decision_of_another_model_is_replaced(bucket, decided, latest):
    other = Path(decided(b"other")["decision_path"]).read_bytes()
    version = version_of(b"model")
    bucket.put(f"{FOLDER}/{version}/decision.json", other)
    publish(decided())
    assert latest(version) == version
    assert bucket.text(f"{FOLDER}/{version}/decision.json") != other.decode()


def test_rolling_back_goes_through_earlier_versions(bucket, decided, latest):
    one, two, three = (publish(decided(content)).version for content in (b"1", b"2", b"3"))
    assert roll_back(TO) == (three, two)
    assert latest(two) == two
    assert roll_back(TO) == (two, one)
    assert refusal(roll_back, TO) == f"{TO} has no previous version of `latest`"
    assert latest(one) == one
    publish(decided(b"3"))
    assert roll_back(TO) == (three, one)


def test_each_version_is_in_the_history_once(bucket, decided):
    one, two = (publish(decided(content)).version for content in (b"1", b"2"))
    publish(decided(b"1"))
    assert roll_back(TO) == (one, two)
    assert refusal(roll_back, TO) == f"{TO} has no previous version of `latest`"


def test_damaged_version_is_not_rolled_back_to(bucket, decided, latest):
    one, two = (publish(decided(content)).version for content in (b"1", b"2"))
    bucket.put(f"{FOLDER}/{one}/model.tflite", b"damaged")
    assert refusal(roll_back, TO) == (
        f"version {one} in {TO} is damaged or missing. Promote the run that it came from again "
        "(`latest` is unchanged)"
    )
    assert latest(two) == two


def test_rollback_without_earlier_versions_is_refused(bucket):
    assert refusal(roll_back, TO) == f"nothing was published in {TO}: it has no `latest`"


def test_change_of_latest_during_a_rollback_is_reported(bucket, decided):
    publish(decided(b"1"))
    publish(decided(b"2"))
    bucket.fail(lambda _: bucket.put(f"{FOLDER}/latest", b"third\n"), method="POST")
    assert refusal(roll_back, TO) == (
        f"`latest` in {TO} was changed by another process in the meantime. Check it, and roll back "
        f"again"
    )
    assert bucket.text(f"{FOLDER}/latest") == "third\n"


def hang_up(_):
    raise ConnectionAbortedError


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("fault", [hang_up, lambda request: request.answer(503)])
def test_temporary_failure_is_retried(bucket, decided, latest, fault, method):
    bucket.fail(fault, times=2, method=method)
    assert latest(publish(decided()).version)


@pytest.mark.parametrize("which", range(1, 7))
def test_lost_answer_is_not_taken_for_a_concurrent_write(bucket, decided, latest, which):
    publish(decided(b"old"))
    uploads = 0

    def lose(request):
        nonlocal uploads
        uploads += request.method == "POST"
        if request.method == "POST" and uploads == which:
            raise ConnectionAbortedError

    bucket.after.append(lose)
    version = publish(decided(b"new")).version
    assert latest(version) == version
    assert [method for method, _ in bucket.methods].count("POST") == 5 + 7


@pytest.mark.parametrize(
    "name", ["model.tflite", "decision.json", "README.md", "manifest.json", "latest"]
)
def test_bytes_damaged_in_transfer_are_refused(bucket, decided, latest, name):
    version = version_of(b"model")

    def damage(request):
        request.damage = request.method == "POST" and request.name.endswith(name)

    bucket.faults.append(damage)
    place = name if name == "latest" else f"{version}/{name}"
    assert refusal(publish, decided()) == (
        f"cannot publish in {TO}: `{place}` was damaged in transit. Run again"
    )
    bucket.faults.clear()
    publish(decided())
    assert latest(version) == version


def test_permanent_failure_of_storage_is_reported(bucket, decided, monkeypatch):
    monkeypatch.setattr(gcs_client, "PATIENCE_S", 1.0)
    bucket.fail(lambda request: request.answer(503), times=1000, method="POST")
    message = refusal(publish, decided())
    assert message.startswith(
        f"cannot publish in {TO}: storage cannot be reached, or failed at every attempt ("
    )
    assert message.endswith(
        "). `latest` is unchanged or names the new, complete version, so run again later"
    )
    assert bucket.objects == {}


def test_missing_bucket_is_reported(bucket, decided):
    arguments = decided()
    with pytest.raises(StorageError) as caught:
        promote(to="gs://missing/models", **arguments)
    assert str(caught.value) == (
        "cannot publish in gs://missing/models: there is no such bucket. Check its name"
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_missing_permission_is_reported(bucket, decided, latest, method):
    old = publish(decided(b"old")).version
    bucket.fail(lambda request: request.answer(403, "robot may not"), times=9, method=method)
    assert refusal(publish, decided(b"new")).startswith(
        f"cannot publish in {TO}: permission denied. The account of this environment needs to get, "
        "create and replace objects there (roles/storage.objectUser). Storage says: "
    )
    bucket.faults.clear()
    assert latest(old) == old


def together(bucket, arguments, name):
    """Promote in parallel, and let all wait for each other before the first upload of a name."""
    barrier = threading.Barrier(len(arguments), timeout=20)
    waiting = set()

    def wait(request):
        if (
            request.method == "POST"
            and request.name.endswith(name)
            and len(waiting) < len(arguments)
        ):
            waiting.add(threading.get_ident())
            barrier.wait()

    bucket.faults.append(wait)
    with ThreadPoolExecutor(len(arguments)) as threads:
        outcomes = [threads.submit(publish, each) for each in arguments]
    bucket.faults.clear()
    return [outcome.exception() or outcome.result() for outcome in outcomes]


@pytest.mark.parametrize("name", ["model.tflite", "manifest.json"])
@pytest.mark.parametrize("before", [True, False])
def test_one_of_two_concurrent_promotions_wins(bucket, decided, latest, name, before):
    if before:
        publish(decided(b"old"))
    one, two = together(bucket, [decided(b"1"), decided(b"2")], name)
    (won,) = (outcome for outcome in (one, two) if isinstance(outcome, Promotion))
    (lost,) = (outcome for outcome in (one, two) if isinstance(outcome, InputError))
    assert latest(won.version) == won.version
    other = version_of(b"2" if won is one else b"1")
    assert str(lost) == (
        f"cannot publish in {TO}: another promotion has changed `latest` in the meantime. Version "
        f"{other} is published, but not the latest: promote it again"
    )
    publish(decided(b"2" if won is one else b"1"))
    assert latest(other) == other
    assert roll_back(TO) == (other, won.version)


@pytest.mark.parametrize(
    "name", ["model.tflite", "decision.json", "README.md", "manifest.json", "latest"]
)
def test_two_decisions_for_one_model_do_not_mix(bucket, decided, latest, name):
    one, two = together(
        bucket, [decided(created="2025-01-01"), decided(created="2025-02-02")], name
    )
    assert one == two
    assert latest(one.version) == one.version


def test_many_concurrent_promotions_leave_a_complete_version(bucket, decided, latest):
    for round_ in range(3):
        contents = [f"{round_} {number}".encode() for number in range(4)] * 2
        arguments = [
            decided(content, created=str(number)) for number, content in enumerate(contents)
        ]
        outcomes = together(bucket, arguments, "model.tflite")
        won = {one.version for one in outcomes if isinstance(one, Promotion)}
        assert len(won) == 1
        assert latest(*won)


def killed_at(bucket, arguments, number, moment):
    """Promote in a child that is killed at its n-th request, and return whether it was."""
    started, seen = threading.Event(), 0

    def kill(_):
        nonlocal seen
        seen += 1
        if seen == number:
            started.wait(20)
            os.kill(child.pid, signal.SIGKILL)
            raise ConnectionAbortedError

    getattr(bucket, moment).append(kill)
    child = multiprocessing.get_context("fork").Process(target=publish, args=[arguments])
    child.start()
    started.set()
    child.join(60)
    getattr(bucket, moment).clear()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


@pytest.mark.parametrize("moment", ["faults", "after"])
def test_kill_at_any_request_leaves_latest_complete(bucket, decided, latest, moment):
    old, new = version_of(b"old"), version_of(b"new")
    points, seen = 0, set()
    while True:
        bucket.objects.clear()
        publish(decided(b"older"))
        publish(decided(b"old"))
        points += 1
        killed = killed_at(bucket, decided(b"new"), points, moment)
        seen.add(latest(old, new))
        publish(decided(b"new"))
        assert latest(new) == new
        assert roll_back(TO) == (new, old)
        if not killed:
            break
    assert points > 9
    assert seen == {old, new}
