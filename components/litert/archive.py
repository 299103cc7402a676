"""The archive of files, such as labels, that TFLite metadata appends to a model."""

import io
import zipfile
from pathlib import Path


def with_archive_of(source: Path, content: bytes) -> bytes:
    """Return a .tflite with the files that are appended to another one."""
    if not zipfile.is_zipfile(source):
        return content
    target = io.BytesIO(content)
    with (
        zipfile.ZipFile(source) as files,
        zipfile.ZipFile(target, "a", zipfile.ZIP_STORED) as archive,
    ):
        for entry in files.infolist():
            archive.writestr(entry, files.read(entry))
    return target.getvalue()
