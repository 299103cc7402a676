"""Columns that the folders of a partitioned table give, such as `year=2026`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from quantgate.errors import InputError

Array = NDArray[Any]
#: The folder of rows without a value, as Hive and Spark name it.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def partitions_of(source: Path, files: Sequence[Path]) -> dict[Path, dict[str, Array]]:
    """Return the value of each column that folders give, by file. It is a scalar array.

    A column is int64 if all of its folders name integers. Otherwise it is text.

    Raises:
        InputError: a folder stands for rows without a value.
    """
    if not source.is_dir():
        return {file: {} for file in files}
    texts = {file: _texts(source, file) for file in files}
    as_text = {
        key for values in texts.values() for key, text in values.items() if not _is_integer(text)
    }
    return {
        file: {
            key: np.array(text) if key in as_text else np.array(int(text), np.int64)
            for key, text in values.items()
        }
        for file, values in texts.items()
    }


def _texts(source: Path, file: Path) -> Mapping[str, str]:
    folders = file.parent.relative_to(source).parts
    texts = {key: unquote(text) for key, _, text in (name.partition("=") for name in folders)}
    for key, text in texts.items():
        if text == NO_VALUE:
            raise InputError(
                f"{file.parent}: column `{key}` has rows without a value. Leave them out"
            )
    return texts


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and len(text) < 19
