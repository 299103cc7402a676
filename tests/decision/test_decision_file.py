"""`decision.json`: its schema, and files that were changed after writing."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from quantgate.errors import InputError
from quantgate.records.decision import Decision
from quantgate.schemas.decision import decision_schema

SPECS = Path(__file__).resolve().parents[2] / "specs"
LIMITS = {"top1": {"max_drop": 0.01, "confidence": 0.95}, "size_bytes": {"max_ratio": 0.9}}


@pytest.fixture
def written(run, tmp_path):
    """A decision with a winner, an undecided candidate and a failed one, in its file."""
    run.add("float16", "float16", 500)
    run.add("dynamic_range", "dynamic_range", 300, lost=9)
    run.attest("int16x8", "int16x8", status="failed", reasons=["op <DIV> is not supported"])
    run.calibrate(200)
    run.time("float16", 1.0)
    path = tmp_path / "decision.json"
    run.decide(LIMITS).write(path)
    return path


def changed(path, change):
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InputError) as caught:
        Decision.read(path)
    return str(caught.value)


def test_the_committed_schema_is_current():
    written = subprocess.run(
        [sys.executable, "-m", "quantgate.schemas.decision"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert (SPECS / "decision.schema.json").read_text("utf-8") == written, "run `make schema`"


def test_decisions_match_the_schema(written, run):
    schema = decision_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(written.read_text("utf-8")), schema)
    nothing = run.decide({"size_bytes": {"max": 1}}, keep_baseline=True)
    jsonschema.validate(json.loads(nothing.model_dump_json()), schema)


def test_the_schema_refuses_wrong_decisions(written):
    content = json.loads(written.read_text("utf-8"))
    for change in ({"outcome": "perhaps"}, {"version": 2}, {"more": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**content, **change}, decision_schema())


def test_two_decisions_on_the_same_evidence_differ_only_in_time(written, run, tmp_path):
    again = tmp_path / "again.json"
    run.decide(LIMITS).model_copy(update={"created": "2027-01-01T00:00:00+00:00"}).write(again)
    first, second = written.read_text("utf-8"), again.read_text("utf-8")
    assert first.replace("2026-01-02T03:04:05", "2027-01-01T00:00:00") == second


def test_a_reformatted_file_is_read(written):
    decision = Decision.read(written)
    written.write_text(json.dumps(json.loads(written.read_text("utf-8")), indent=7), "utf-8")
    assert Decision.read(written) == decision


def test_decisions_of_quantgate_0_1_are_read():
    path = Path(__file__).parents[1] / "report" / "decisions" / "winner.json"
    decision = Decision.read(path)
    assert decision.promoted is not None and decision.promoted.name == decision.winner
    assert decision.candidates[0].verdicts[0].outcome == "pass"


def set_winner(content):
    content["winner"] = "tiny"


def set_loser(content):
    content["winner"] = "dynamic_range"


def set_outcome(content):
    content["outcome"] = "none_qualified"


def set_twins(content):
    content["candidates"].append(content["candidates"][0])


def set_passed(content):
    content["candidates"][0]["verdicts"][0]["passed"] = True


def set_outcome_of_verdict(content):
    content["candidates"][0]["verdicts"][0]["outcome"] = "pass"


def set_qualified(content):
    content["candidates"][0]["qualified"] = True


def set_figure(content):
    content["candidates"][0]["measurements"]["top1"] = 0.99


def set_infinite(content):
    content["candidates"][0]["verdicts"][0]["limit"] = float("inf")


def set_promotes(content):
    content["promotes"] = "dynamic_range"


def promote_a_doubtful_run(content):
    content.update(outcome="doubtful", winner=None, promotes="float32")


def set_unknown_rule(content):
    content["baseline"]["verdicts"] = [{**content["candidates"][0]["verdicts"][0], "rule": "near"}]


def remove_figure_of_choice(content):
    del next(each for each in content["candidates"] if each["qualified"])["measurements"][
        "size_bytes"
    ]


def choose_by_weights(content):
    content["choice"] = [{**content["choice"][0], "by": "weights"}]


def choose_by_sound_weights(content):
    choose_by_weights(content)
    for entry in content["candidates"]:
        entry["score"] = 1.0


def choose_by_weights_of_nothing(content):
    choose_by_sound_weights(content)
    content["baseline"]["measurements"]["size_bytes"] = 0


def remove_hash(content):
    content["candidates"][0]["measurements"]["top1"] = 0.99
    del content["content_sha256"]


def set_hash_to_null(content):
    content["content_sha256"] = None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (set_promotes, "it promotes `dynamic_range`, and its winner is `float16`"),
        (promote_a_doubtful_run, "it is doubtful, and promotes `float32`"),
        (remove_hash, "its `content_sha256` is missing"),
        (set_hash_to_null, "its `content_sha256` is missing"),
        (set_infinite, "it holds the number inf"),
        (set_winner, "its winner `tiny` is not among its candidates"),
        (set_loser, "its winner `dynamic_range` does not qualify"),
        (set_outcome, "its outcome is `none_qualified`, and its winner `float16`"),
        (set_twins, "two of its candidates have the same name"),
        (
            set_passed,
            "`dynamic_range` has an outcome for `top1` that contradicts its margin",
        ),
        (
            set_outcome_of_verdict,
            "`dynamic_range` has an outcome for `top1` that contradicts its margin",
        ),
        (set_qualified, "`dynamic_range` is marked as qualified, and violates a limit"),
        (set_figure, "its content does not match its `content_sha256`"),
        (set_unknown_rule, "`float32` has a limit with the unknown rule `near`"),
        (
            remove_figure_of_choice,
            "`float16` qualifies without `size_bytes`, which the choice needs",
        ),
        (choose_by_weights, "`float16` qualifies without a weighted sum"),
        (choose_by_sound_weights, "its content does not match its `content_sha256`"),
        (
            choose_by_weights_of_nothing,
            "its baseline has no `size_bytes`, which the weighted sums need",
        ),
    ],
)
def test_an_edited_decision_is_refused(written, change, problem):
    assert changed(written, change) == (
        f"{written} was changed after it was written: {problem}. Decide again with `quantgate "
        "run`, or fetch the file once more"
    )


@pytest.mark.parametrize(("key", "value"), [("margin", "0.1"), ("passed", "true"), ("passed", 1)])
def test_values_of_another_type_are_refused(written, key, value):
    """Text that looks like a number was read as one, and its checks ended with a TypeError."""
    message = changed(
        written, lambda content: content["candidates"][0]["verdicts"][0].update({key: value})
    )
    kind = {"margin": "number", "passed": "boolean"}[key]
    place = f"candidates.0.verdicts.0.{key}"
    assert message == f"{written} is not a Decision record: {place}: Input should be a valid {kind}"


def test_a_newer_version_needs_a_newer_quantgate(written):
    message = changed(written, lambda content: content.update(version=2, new={}))
    assert message == (
        f"{written} is a decision of version 2, and this quantgate reads version 1: update "
        "quantgate"
    )


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_refused(written, share):
    content = written.read_bytes()
    written.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"is truncated, or not a decision: .*\. Decide again"):
        Decision.read(written)


def test_other_json_is_refused(written):
    written.write_text("[]", "utf-8")
    with pytest.raises(InputError, match="is not a Decision record: it holds no JSON object"):
        Decision.read(written)
    written.write_text("{}", "utf-8")
    with pytest.raises(InputError, match="is not a Decision record: name: Field required"):
        Decision.read(written)
    with pytest.raises(InputError, match="is not a Decision record: No such file or directory"):
        Decision.read(written.parent / "nothing")
