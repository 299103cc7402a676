"""The JSON Schema, and the example specs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from quantgate.domain.figures import FIGURES, METRICS
from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.domain.warnings import WARNINGS
from quantgate.schemas.spec import spec_schema
from quantgate.spec import load

SPECS = Path(__file__).resolve().parents[2] / "specs"


def test_the_committed_schema_is_current():
    written = subprocess.run(
        [sys.executable, "-m", "quantgate.schemas.spec"], capture_output=True, check=True, text=True
    ).stdout
    assert (SPECS / "spec.schema.json").read_text(encoding="utf-8") == written, (
        "run `python -m quantgate.schemas.spec > specs/spec.schema.json`"
    )


def test_the_schema_has_the_names_of_all_metrics_and_modes():
    schema = spec_schema()
    sections = schema["$defs"]
    entries = sections["Quantize"]["properties"]["modes"]["oneOf"][1]["items"]["anyOf"]
    metrics = sections["Measure"]["properties"]["metrics"]["items"]["anyOf"]
    objectives = sections["Objective"]["properties"]
    directions = [
        objectives[direction]["anyOf"][0]["examples"] for direction in ("minimize", "maximize")
    ]
    assert sections["Candidate"]["properties"]["mode"]["enum"] == list(QUANTIZED_MODES)
    assert entries[0]["enum"] == list(QUANTIZED_MODES)
    assert sections["Metric"]["properties"]["metric"]["anyOf"][0]["enum"] == list(METRICS)
    assert metrics[0]["anyOf"][0]["enum"] == list(METRICS)
    gate = sections["Gate"]
    assert list(gate["properties"]) == ["allow_doubtful", "warnings", "family", *FIGURES]
    assert gate["additionalProperties"] == {"$ref": "#/$defs/Limit"}
    assert gate["properties"]["warnings"]["oneOf"][1]["items"]["enum"] == list(WARNINGS)
    assert sorted(directions[0] + directions[1]) == sorted(FIGURES)


def test_every_key_is_described():
    schema = spec_schema()
    undescribed = [
        f"{name}.{key}"
        for name, section in {"Spec": schema, **schema["$defs"]}.items()
        for key, value in section["properties"].items()
        if not _description(value, schema["$defs"])
    ]
    assert undescribed == []


def test_unknown_keys_are_forbidden_in_every_section():
    schema = spec_schema()
    defined = {name: section for name, section in schema["$defs"].items() if name != "Gate"}
    sections = [schema, *defined.values()]
    assert [section["additionalProperties"] for section in sections] == [False] * len(sections)


def test_the_schema_names_its_draft_and_has_no_id():
    schema = spec_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "quantgate spec, version 1"
    assert '"$id"' not in json.dumps(schema)


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_match_the_schema(path: Path):
    assert load(path).spec.name == path.stem


def _description(value: dict[str, Any], sections: dict[str, Any]) -> str | None:
    target = value.get("$ref", "").rpartition("/")[2]
    return value.get("description") or sections.get(target, {}).get("description")
