"""Each kind of damage to an archive is named, with a way out."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quantgate.components.build_dataset.numpy_files import open_archive
from quantgate.components.build_dataset.sources import Request
from quantgate.components.export_model.keras_file import identify
from quantgate.errors import InputError
from quantgate.foundation import damage
from quantgate.records.tasks import Signature
from quantgate.spec.model.data import DataSource

COPY = "Copy or write it again"
SAVE = "Copy it again, or save the model again"
#: The places in the two headers of a member, after their marks.
FLAGS, METHOD = (6, 8), (8, 10)
MARKS = (b"PK\x03\x04", b"PK\x01\x02")


def with_header(content: bytes, places: tuple[int, int], value: int) -> bytes:
    """Return an archive whose first member has another value in its headers."""
    changed = bytearray(content)
    for mark, place in zip(MARKS, places, strict=True):
        changed[changed.index(mark) + place] = value
    return bytes(changed)


def encrypted(content: bytes) -> bytes:
    return with_header(content, FLAGS, 1)


def compressed_by_an_unknown_method(content: bytes) -> bytes:
    return with_header(content, METHOD, 97)


def flipped(content: bytes) -> bytes:
    """Return an archive with another bit in the middle of its first member."""
    changed = bytearray(content)
    changed[len(content) // 3] ^= 1
    return bytes(changed)


def without_directory(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[changed.rindex(MARKS[1])] ^= 1
    return bytes(changed)


def arrays() -> bytes:
    file = io.BytesIO()
    np.savez(file, x=np.arange(30_000, dtype=np.float32).reshape(10_000, 3))
    return file.getvalue()


def members(**texts: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(f"{name}.json", text)
    return file.getvalue()


def keras(config: str = json.dumps({"class_name": "Sequential", "text": "a" * 200})) -> bytes:
    return members(config=config, metadata='{"keras_version": "3.12.0"}')


def npy_with_header(header: str) -> bytes:
    body = header.encode().ljust(118) + b"\n"
    npy = b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body + bytes(12)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", npy)
    return file.getvalue()


def header(shape: str, dtype: str = "<f4") -> str:
    return f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"


def read_arrays(path: Path) -> None:
    request = Request(
        data=DataSource(source=str(path)),
        signature=Signature(key="serve", inputs={}, outputs={}),
        signatures=["serve"],
        purpose="calibration",
        label=None,
        samples=None,
        seed=0,
        first=None,
    )
    for array in open_archive(request).values():
        list(array.rows(np.arange(array.shape[0])))


def refusal(read: Callable[[Path], object], content: bytes, path: Path) -> str:
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(path)
    return str(caught.value).removeprefix(f"{path}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            encrypted(arrays()),
            ": `x` is not a .npy array: File 'x.npy' is encrypted, password required for "
            "extraction. Write it without a password",
        ),
        (
            compressed_by_an_unknown_method(arrays()),
            ": `x` is not a .npy array: That compression method is not supported. Write it "
            "without compression, or with deflate",
        ),
        (flipped(arrays()), f": `x` cannot be read: Bad CRC-32 for file 'x.npy'. {COPY}"),
        (
            without_directory(arrays()),
            f" is a damaged archive: Bad magic number for central directory. {COPY}",
        ),
        (
            npy_with_header(header("(-1, 3)")),
            ": `x` is not a .npy array: its header says float32 [-1, 3], and 12 bytes follow. "
            f"{COPY}",
        ),
        (
            npy_with_header(header("(1000000000000, 3)")),
            ": `x` is not a .npy array: its header says float32 [1000000000000, 3], and 12 bytes "
            f"follow. {COPY}",
        ),
        (
            npy_with_header("(" * 110),
            ": `x` is not a .npy array: ",
        ),
    ],
    ids=range(7),
)
def test_damaged_npz_archives_are_refused_with_the_reason(
    content: bytes, said: str, tmp_path: Path
):
    assert refusal(read_arrays, content, tmp_path / "data.npz").startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            encrypted(keras()),
            " is damaged or truncated: File 'config.json' is encrypted, password required for "
            "extraction. Write it without a password",
        ),
        (
            compressed_by_an_unknown_method(keras()),
            " is damaged or truncated: That compression method is not supported. Write it without "
            "compression, or with deflate",
        ),
        (flipped(members(config='"' + "a9" * 50 + '"', metadata="{}")), " is damaged or truncated"),
        (keras("[" * 100_000), f" is damaged or truncated: it is nested too deeply. {SAVE}"),
        (members(config="{}", metadata="3"), " is damaged or truncated: "),
    ],
    ids=range(5),
)
def test_damaged_keras_files_are_refused_with_the_reason(content: bytes, said: str, tmp_path: Path):
    assert refusal(identify, content, tmp_path / "model.keras").startswith(said)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(damage, "LARGEST_TEXT_BYTES", 1 << 20)
    bomb = keras("[" + " " * (2 << 20) + "]")
    assert len(bomb) < 10_000
    assert refusal(identify, bomb, tmp_path / "model.keras") == (
        f": `config.json` takes 2,097,154 bytes, which is too much for a description of a model. "
        f"{COPY}"
    )
