"""Run a compiled pipeline on a KFP backend of one version, and print the states of its tasks.

.venv/bin/python tests/backend/run_pipeline.py --backend 2.17 pipeline.yaml model=s3://.. ..
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from harness.build import VERSIONS, Unavailable, build
from harness.cluster import BUCKET, Cluster, Refused, cluster
from harness.results import Run
from harness.storage import upload


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def parsed(text: str) -> Any:
    """Return a parameter's value: JSON, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def options(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", choices=VERSIONS, default=VERSIONS[-1])
    parser.add_argument("--folder", type=Path, help="where logs are kept; a temporary one if not")
    parser.add_argument("--times", type=int, default=1, help="how often it is run, on one cluster")
    parser.add_argument("--root", help="pipeline root; by default the installation's, s3://")
    parser.add_argument("--minio", action="store_true", help="an installation without kfp-launcher")
    parser.add_argument(
        "--upload",
        action="append",
        default=[],
        metavar="PATH=KEY",
        help=f"copy a file or folder to s3://{BUCKET}/KEY beforehand",
    )
    parser.add_argument("pipeline", type=Path)
    parser.add_argument("parameters", nargs="*", metavar="NAME=VALUE")
    return parser.parse_args(arguments)


def show(run: Run) -> None:
    """Print the states of a run's tasks, and why those that failed did."""
    width = max((len(path) for path in run.tasks), default=0)
    for path, task in run.tasks.items():
        say(f"  {path:{width}}  {task.state:9} {json.dumps(task.outputs)[:100]}")
    for node in run.failures:
        say(f"  {node.phase}: {node.name}\n    {node.message}\n    {node.folder or ''}")
    say(f"run {run.id}: {run.phase}, in {run.folder}")


def run_all(started: Cluster, given: argparse.Namespace) -> bool:
    """Run the pipeline as often as asked, and return whether all runs succeeded."""
    if not given.minio:
        started.use_s3()
    for pair in given.upload:
        path, _, key = pair.partition("=")
        upload(started.s3, Path(path), key)
    parameters = {
        name: parsed(value) for name, _, value in (pair.partition("=") for pair in given.parameters)
    }
    phases = []
    for _ in range(given.times):
        run = started.run(given.pipeline.read_text(), parameters, given.root)
        show(run)
        phases.append(run.phase)
    return set(phases) == {"Succeeded"}


def main(arguments: list[str]) -> int:
    """Run it, and return 0 on success, 1 on failure, and 2 if it cannot run here."""
    given = options(arguments)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="backend-"))
    try:
        with cluster(build(given.backend), folder.resolve()) as started:
            return 0 if run_all(started, given) else 1
    except Refused as error:
        say(f"the API server refuses the pipeline: {error}")
        return 1
    except (Unavailable, PermissionError) as error:
        say(str(error))
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
