"""The Python API and the notebook of the documentation, on the demo."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.tensorflow

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"
# A notebook has a running event loop, and shows the value of a cell's last line.
RUN_CELLS = """
import ast, asyncio, json, sys

async def run_cells(names):
    for cell in json.load(open(sys.argv[1]))["cells"]:
        if cell["cell_type"] == "code":
            *lines, last = ast.parse("".join(cell["source"])).body
            exec(compile(ast.Module(lines, []), "cell", "exec"), names)
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            show = getattr(value, "_repr_html_", value.__repr__)
            print(json.dumps(show()))

asyncio.run(run_cells({}))
"""


def test_the_notebook_runs(example: Path, state: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN_CELLS, NOTEBOOK],
        cwd=example,
        env={**os.environ, **state},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    shown, candidates, limits, stricter, winner = map(json.loads, done.stdout.splitlines())
    assert shown.startswith("<h3>")
    assert "integer_only_int8" in shown
    assert "latency_p50_ms" in candidates
    assert "max_drop" in limits
    assert "no candidate qualifies" in stricter
    assert winner.strip("'") in ("dynamic_range", "integer_only_int8")
