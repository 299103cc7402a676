"""The file of a compiled KFP pipeline, as plain values."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from quantgate.errors import PipelineError, UsageError

#: The C parser reads a pipeline ten times as fast, where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SECTIONS = ("pipelineInfo", "deploymentSpec", "root")


@dataclass(frozen=True)
class PipelineFile:
    """A compiled pipeline.

    Attributes:
        document: the IR: `components`, `deploymentSpec`, `root` and so on.
        size: of the whole file, in bytes.
    """

    document: dict[str, Any]
    size: int


def read_pipeline_file(path: Path) -> PipelineFile:
    """Read a compiled pipeline, whoever compiled it.

    Raises:
        UsageError: the file cannot be read.
        PipelineError: it is no KFP v2 pipeline.
    """
    try:
        content = path.read_bytes()
        document = next(iter(yaml.load_all(content.decode(), Loader=_LOADER)), None)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path}: cannot be read ({reason}); name a compiled pipeline") from error
    except UnicodeDecodeError as error:
        raise PipelineError(_not_compiled(path, "it is not text")) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1} is not YAML" if mark else "it is not YAML"
        raise PipelineError(_not_compiled(path, where)) from error
    if not isinstance(document, dict):
        raise PipelineError(_not_compiled(path, "it holds no mapping"))
    for section in _SECTIONS:
        if not isinstance(document.get(section), dict):
            raise PipelineError(_not_compiled(path, f"it has no section `{section}`"))
    return PipelineFile(document, len(content))


def _not_compiled(path: Path, reason: str) -> str:
    return f"{path}: not a pipeline compiled by KFP v2, for {reason}; compile it anew"
