"""The JSON Schema of `decision.json`: `python -m quantgate.schemas.decision`."""

import json
import sys
from typing import Any

from quantgate.records.decision import Decision
from quantgate.schemas.spec import DRAFT, WithoutTitles

TITLE = "quantgate decision, version 1"


def decision_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of version 1."""
    schema = Decision.model_json_schema(schema_generator=WithoutTitles, mode="serialization")
    for record in schema["$defs"].values():
        record.pop("title", None)
    return {"$schema": DRAFT, **schema, "title": TITLE}


def main() -> None:
    """Print the schema."""
    sys.stdout.write(json.dumps(decision_schema(), indent=2) + "\n")


if __name__ == "__main__":
    main()
