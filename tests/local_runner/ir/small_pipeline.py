"""A small pipeline to damage, with the components of others."""

from pathlib import Path
from typing import Any

import yaml
from kfp import dsl
from kfp.dsl import Dataset, Output

component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def number(a: int = 1) -> int:
    return a


@component
def write(text: str, out: Output[Dataset]):
    pass


@dsl.pipeline(name="small")
def small(a: int = 1) -> int:
    return number(a=a).output


def add_document(path: Path, document: dict[str, Any]) -> None:
    """Append a YAML document to a file."""
    path.write_text(path.read_text("utf-8") + "---\n" + yaml.safe_dump(document), "utf-8")
