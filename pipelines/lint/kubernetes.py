"""Rules on the settings that kfp-kubernetes writes: fields that older backends refuse."""

from collections.abc import Iterator
from typing import NamedTuple

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Message, executors_of, parts
from quantgate.pipelines.lint.findings import Violation


class _Field(NamedTuple):
    """A field of the settings.

    Attributes:
        setting: the setting that has the field.
        name: of the field. It is empty for the setting itself.
        release: the first release of KFP's backend that knows the field.
    """

    setting: str
    name: str
    release: str


_FIELDS = (
    _Field("secretAsEnv", "optional", "2.15"),
    _Field("configMapAsEnv", "optional", "2.15"),
    _Field("securityContext", "", "2.16"),
    _Field("pvcMount", "subPath", "2.16"),
)


def kubernetes_field(file: PipelineFile) -> Iterator[Violation]:
    """Yield settings with a field that an older backend does not know and so refuses."""
    for executor in executors_of(file):
        for field in _FIELDS:
            if _has(executor.kubernetes, field):
                name = f"{field.setting}.{field.name}".rstrip(".")
                yield Violation(
                    executor.place,
                    f"a backend before {field.release} refuses the run, as it does not know "
                    f"`{name}`",
                    "leave the setting out, or run on a newer backend",
                )


def _has(settings: Message, field: _Field) -> bool:
    if not field.name:
        return field.setting in settings
    return any(field.name in setting for setting in parts(settings, field.setting))
