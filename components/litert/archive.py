"""The archive of files, such as labels, that TFLite metadata appends to a model."""

import zipfile
from pathlib import Path


def append_archive_of(source: Path, target: Path) -> None:
    """Append the files that are appended to one .tflite to another one."""
    if not zipfile.is_zipfile(source):
        return
    with (
        zipfile.ZipFile(source) as files,
        zipfile.ZipFile(target, "a", zipfile.ZIP_STORED) as archive,
    ):
        for entry in files.infolist():
            archive.writestr(entry, files.read(entry))
