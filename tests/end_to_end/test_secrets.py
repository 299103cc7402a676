"""`quantgate run --secret`: the variables of `cluster.secrets` in a local run."""

import json
import os
import re
from pathlib import Path

import pytest
import yaml

from quantgate.commands.common.connecting import redacted

pytestmark = pytest.mark.tensorflow

VALUE = "l3t-me-in-now"

SAMPLES = """\
import os
from pathlib import Path

import numpy as np


def samples():
    if len(os.environ["STORE_TOKEN"]) != 13:
        raise ValueError("another token")
    arrays = np.load(Path(__file__).with_name("calibration.npz"))
    for image in arrays["image"][:60]:
        yield [image[np.newaxis]]
"""


@pytest.fixture
def spec(example: Path) -> Path:
    """A spec with calibration data that needs the variable of a secret."""
    (example / "guarded_samples.py").write_text(SAMPLES)
    path = example / "quantgate.yaml"
    document = yaml.safe_load(path.read_text())
    document["data"]["calibration"] = {"source": "guarded_samples:samples", "samples": 60}
    document["quantize"] = {"modes": ["integer_only_int8"]}
    document["measure"]["latency"] = None
    document["gate"] = {"top1": {"max_drop": 0.1}}
    document["cluster"] = {
        "secrets": [
            {"secret": "store", "env": {"token": "STORE_TOKEN"}, "mount": "/etc/store"},
            {"secret": "files-only", "mount": "/etc/files"},
        ],
        "node_selector": {"pool": "a"},
    }
    path.write_text(yaml.safe_dump(document))
    return path


def test_a_secret_reaches_the_tasks_and_nothing_else(
    spec: Path, quantgate, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ("run", "quantgate.yaml", "--cache-dir", "cache")
    done = quantgate(*run, "--json", "--secret", f"store/token={VALUE}", cwd=spec.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["winner"] == "integer_only_int8"
    files = [path for path in spec.parent.rglob("*") if path.is_file()]
    assert len(files) > 50
    assert not any(VALUE.encode() in path.read_bytes() for path in files)
    assert VALUE not in done.stdout + done.stderr

    again = quantgate(*run, "--dry-run", "--secret", f"store/token={VALUE}", cwd=spec.parent)
    assert re.search("Convert float32 baseline +cached", again.stdout), again.stdout
    other = quantgate(*run, "--dry-run", "--secret", "store/token=other", cwd=spec.parent)
    assert "to run: secret STORE_TOKEN changed" in other.stdout, other.stdout

    monkeypatch.setenv("STORE_TOKEN", VALUE)
    from_environment = quantgate(*run, "--secret", "store/token", cwd=spec.parent)
    assert from_environment.returncode == 0, from_environment.stderr
    assert "Calibrate: cached" in from_environment.stdout, "it is the same value"
    monkeypatch.delenv("STORE_TOKEN")

    without = quantgate(*run, cwd=spec.parent)
    assert without.returncode == 1
    assert "KeyError: 'STORE_TOKEN'" in without.stdout + without.stderr


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (
            "store/token",
            "--secret store/token: $STORE_TOKEN is not set. Set it, or write "
            "--secret store/token=VALUE",
        ),
        (
            f"store/key={VALUE}",
            "--secret store/key: cluster.secrets in the spec has no variable for it. Use one of "
            "store/other, store/token",
        ),
        (VALUE, "--secret takes NAME/KEY=VALUE, or NAME/KEY for a value from the environment"),
        (
            f"store/other={VALUE}",
            "the secret store has no key token here, and the task would never start on a cluster. "
            "Pass it with --secret store/token=VALUE, or `secrets=` of run_pipeline",
        ),
    ],
)
def test_errors_do_not_show_the_value_of_a_secret(
    spec: Path, quantgate, option: str, message: str
) -> None:
    document = yaml.safe_load(spec.read_text())
    document["cluster"]["secrets"][0]["env"]["other"] = "STORE_OTHER"
    spec.write_text(yaml.safe_dump(document))
    assert "STORE_TOKEN" not in os.environ
    done = quantgate("run", "quantgate.yaml", "--secret", option, cwd=spec.parent)
    assert done.returncode == 2
    assert message in done.stderr
    assert VALUE not in done.stdout + done.stderr
    assert not (spec.parent / "runs/digits/latest").exists()


def test_kfps_runner_refuses_secrets(spec: Path, quantgate) -> None:
    arguments = ("--runner", "kfp-local", "--secret", f"store/token={VALUE}")
    done = quantgate("run", "quantgate.yaml", *arguments, cwd=spec.parent)
    assert done.returncode == 2
    assert "--secret works only with quantgate's own runner" in done.stderr


def test_a_report_of_a_bug_hides_secrets() -> None:
    assert redacted(["run", "--secret", f"a/b={VALUE}", f"--secret=a/b={VALUE}"]) == [
        "run", "--secret", "***", "--secret=***",
    ]  # fmt: skip
