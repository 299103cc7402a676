"""A damaged file of data is read, or refused with a sentence for the user."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from PIL import Image

from quantgate.components.build_dataset.csv_files import read_csv
from quantgate.components.build_dataset.numpy_files import open_archive, open_folder
from quantgate.components.build_dataset.parquet_files import read_parquet
from quantgate.components.build_dataset.pictures import preparation_for
from quantgate.components.build_dataset.sources import Request
from quantgate.records.tasks import Signature, TensorFacts
from quantgate.spec.model.data import DataSource
from quantgate.spec.preflight.data_source import label_findings, source_findings

#: The number of mutated files.
INPUTS = (200, pytest.param(20_000, marks=pytest.mark.slow))
pytestmark = pytest.mark.parametrize("inputs", INPUTS)
Arrays = dict[str, NDArray[Any]]
RANDOM = np.random.default_rng(0)
ARRAYS: Arrays = {
    "x": RANDOM.normal(size=(12, 3)).astype(np.float32),
    "y": RANDOM.integers(0, 3, 12),
    "name": np.array(["left", "right"] * 6),
}
SIGNATURE = Signature(
    key="serving_default", inputs={"x": TensorFacts(shape=[-1, 3], dtype="float32")}, outputs={}
)


def request_for(path: Path, columns: dict[str, list[str]] | None = None) -> Request:
    return Request(
        data=DataSource(source=str(path), columns=columns),
        signature=SIGNATURE,
        signatures=[SIGNATURE.key],
        purpose="evaluation",
        label="y",
        samples=None,
        seed=0,
        first=None,
        fields=frozenset({"name"}),
    )


def read_all(arrays: dict[str, Any]) -> None:
    for array in arrays.values():
        for rows in array.rows(np.arange(array.shape[0])):
            assert len(rows)


def archives() -> list[bytes]:
    contents = []
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, **ARRAYS, fortran=np.asfortranarray(ARRAYS["x"]))
        contents.append(file.getvalue())
    return contents


def array_files() -> list[bytes]:
    contents = []
    for array in (*ARRAYS.values(), np.asfortranarray(ARRAYS["x"])):
        file = io.BytesIO()
        np.save(file, array)
        contents.append(file.getvalue())
    return contents


def tables() -> list[bytes]:
    text = "".join(
        f"{x[0]},{x[1]},{x[2]},{y},{name}\n" for x, y, name in zip(*ARRAYS.values(), strict=True)
    )
    return [f"a,b,c,y,name\n{text}".encode(), f'"a",b,c,y,"name"\r\n{text}'.encode("utf-8-sig")]


def parquet_files() -> list[bytes]:
    contents = []
    columns = {"x": ARRAYS["x"].tolist(), "y": ARRAYS["y"], "name": ARRAYS["name"]}
    for compression in ("snappy", "zstd", "none"):
        file = io.BytesIO()
        pq.write_table(pa.table(columns), file, compression=compression)
        contents.append(file.getvalue())
    return contents


def image_files() -> list[bytes]:
    pixels = RANDOM.integers(0, 255, (16, 12, 3)).astype(np.uint8)
    contents = []
    for form in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, form)
        contents.append(file.getvalue())
    return contents


def test_damaged_npz_archives_are_read_or_refused(fuzz: Callable[..., None]):
    fuzz(lambda path: read_all(open_archive(request_for(path))), archives(), "a zip archive")


def test_damaged_npy_files_are_read_or_refused(fuzz: Callable[..., None]):
    def read(path: Path) -> None:
        read_all(open_folder(request_for(path.parent)))

    fuzz(read, array_files(), name="x.npy")


@pytest.mark.parametrize("source", ["input.npz", "input.csv"])
def test_sources_in_a_spec(fuzz: Callable[..., None], source: str):
    def check(path: Path) -> None:
        data = DataSource(source=str(path))
        for finding in (
            *source_findings(path, data, ("data",)),
            *label_findings(path, data, "y", ("data",)),
        ):
            assert finding.message

    seeds = archives() if source == "input.npz" else tables()
    fuzz(check, seeds, name=source)


def test_damaged_csv_files_are_read_or_refused(fuzz: Callable[..., None]):
    def read(path: Path) -> None:
        columns = {"x": ["a", "b", "c"], "y": ["y"]}
        for batch in read_csv(request_for(path, columns)):
            assert batch["x"].shape[1] == 3

    fuzz(read, tables())


def test_damaged_parquet_files_are_read_or_refused(fuzz: Callable[..., None]):
    def read(path: Path) -> None:
        for batch in read_parquet(request_for(path)):
            assert set(batch) == {"x", "y", "name"}

    fuzz(read, parquet_files())


@pytest.mark.filterwarnings("ignore:::PIL")
def test_damaged_images_are_read_or_refused(fuzz: Callable[..., None]):
    request = request_for(Path("images"))
    preparation = preparation_for(request, TensorFacts(shape=[-1, 8, 8, 3], dtype="float32"))

    def read(path: Path) -> None:
        assert preparation.read(path, str(path)).shape == (8, 8, 3)

    fuzz(read, image_files())
