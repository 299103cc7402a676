"""The JSON Schema of the spec, for editors: `python -m quantgate.schemas.spec`."""

import json
import sys
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from quantgate.domain.figure import Figure
from quantgate.domain.figures import FIGURES
from quantgate.spec.model.gate import Gate
from quantgate.spec.model.limit import Limit
from quantgate.spec.model.spec import Spec

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TITLE = "quantgate spec, version 1"


class WithoutTitles(GenerateJsonSchema):
    """Generates a schema without titles, which would only repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def spec_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of version 1."""
    schema = Spec.model_json_schema(schema_generator=WithoutTitles)
    # Other names are allowed, as a spec can name its metrics.
    gate = schema["$defs"][Gate.__name__]
    gate["properties"] |= {figure.name: _limit_schema(figure) for figure in FIGURES.values()}
    gate["minProperties"] = 1
    for section in schema["$defs"].values():
        section.pop("title", None)
    return {"$schema": DRAFT, **schema, "title": TITLE}


def _limit_schema(figure: Figure) -> dict[str, str]:
    better = "higher" if figure.higher_is_better else "lower"
    unit = f" in {figure.unit}" if figure.unit else ""
    description = f"Limits on {figure.name}{unit}. {better.capitalize()} is better."
    return {"$ref": f"#/$defs/{Limit.__name__}", "description": description}


def main() -> None:
    """Print the schema."""
    sys.stdout.write(json.dumps(spec_schema(), indent=2) + "\n")


if __name__ == "__main__":
    main()
