"""CSV and Parquet files, whose columns become inputs."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quantgate.domain.warnings import FILES_NOT_READ, SEVERAL_SETS, SINGLE_SHARD

INPUTS = {"numeric": ("float32", [-1, 2]), "category": ("int32", [-1, 1])}
COLUMNS = {"numeric": ["age", "hours"], "category": "job"}
OPTIONS = {"columns": COLUMNS}
HEADER = "age,job,hours,y\n"


@pytest.fixture
def table(tmp_path):
    """Write a CSV file."""

    def write(content):
        path = tmp_path / "rows.csv"
        path.write_text(content, encoding="utf-8")
        return path

    return write


def test_columns_are_mapped_to_inputs(build, table):
    path = table("\ufeff" + HEADER + '30.5,3,40,1\n\n"31",4,41.5,0\n')
    dataset = build(path, INPUTS, label="y", options=OPTIONS)
    assert dataset.inputs["numeric"].tolist() == [[30.5, 40.0], [31.0, 41.5]]
    assert dataset.inputs["category"].tolist() == [[3], [4]]
    assert dataset.label.tolist() == [1, 0]
    assert dataset.label.dtype == np.int64


def test_without_a_mapping_columns_have_the_inputs_names(build, table):
    dataset = build(
        table("x,y\n1,0.5\n2,1\n"), {"x": ("float32", [-1])}, label="y", purpose="calibration"
    )
    assert dataset.inputs["x"].tolist() == [1, 2]
    assert dataset.label.tolist() == [0.5, 1]


def test_many_rows_come_in_order(build, table):
    path = table("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(5000)))
    given = {"label": "y", "samples": 100, "select": "random", "seed": 3}
    dataset = build(path, {"x": ("float32", [-1])}, **given)
    chosen = np.sort(np.random.default_rng(3).choice(5000, 100, replace=False))
    assert dataset.inputs["x"].tolist() == chosen.tolist()
    assert dataset.manifest.available == 5000


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("30,3,,1", ", row 3, column `hours` is empty. Fill it in, or leave the row out"),
        ("30,x,1,1", ", row 3, column `job` is `x`, which is not a number"),
        ("30,3.5,1,1", ", row 3, column `job` is `3.5`, which is not a number"),
        (
            f"30,{2**63},1,1",
            f", row 3, column `job` is `{2**63}`, which is not a 64-bit integer",
        ),
        ("30,3", ", row 3 has 2 cells and the header has 4"),
    ],
)
def test_a_bad_cell_is_named(refusal, table, row, said):
    path = table(f"{HEADER}1,2,3,0\n{row}\n")
    assert refusal(path, INPUTS, label="y", options=OPTIONS) == f"{path}{said}"


def test_missing_columns_are_named(refusal, table):
    path = table("age,y\n1,2\n")
    assert refusal(path, INPUTS, label="y", options=OPTIONS) == (
        f"{path} has no column `hours`, `job`. It has `age`, `y`. Map columns to inputs with "
        "`columns`"
    )


def test_a_header_alone_is_no_data(refusal, table):
    path = table(HEADER)
    assert refusal(path, INPUTS, label="y", options=OPTIONS) == f"{path} gave no samples"


def test_not_finite_cells_are_counted(refusal, table):
    path = table(HEADER + "nan,1,2,0\n1,1,inf,0\n")
    assert refusal(path, INPUTS, label="y", options=OPTIONS) == (
        f"{path} cannot serve as evaluation data:\n  - input `numeric` as float32: 2 of its "
        "samples hold NaN or infinity, the first is sample 0 of the source"
    )


def test_options_of_another_format_are_refused(refusal, table):
    path = table(HEADER + "1,2,3,4\n")
    assert refusal(path, INPUTS, options={"images": {}}) == (
        f"{path} is read as csv, which takes no `images`. Remove it, or name another `format`"
    )


def test_parquet_of_numbers_and_lists(build, tmp_path):
    path = tmp_path / "rows.parquet"
    rows = {"pair": [[1.0, 2.0], [3.0, 4.0]], "job": [7, 8], "y": [0, 1]}
    pq.write_table(pa.table(rows), path)
    options = {"columns": {"numeric": "pair", "category": ["job"]}}
    dataset = build(path, INPUTS, label="y", options=options)
    assert dataset.inputs["numeric"].tolist() == [[1, 2], [3, 4]]
    assert dataset.inputs["category"].tolist() == [[7], [8]]
    assert dataset.label.tolist() == [0, 1]


def test_a_folder_of_parquet_files(build, tmp_path):
    folder = tmp_path / "rows"
    folder.mkdir()
    for part in range(3):
        rows = {"x": np.arange(1500) + part * 1500.0, "y": np.zeros(1500, np.int64)}
        pq.write_table(pa.table(rows), folder / f"part-{part}.parquet")
    dataset = build(folder, {"x": ("float32", [-1])}, label="y")
    assert np.array_equal(dataset.inputs["x"], np.arange(4500))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.0, None], ": column `x` has rows without a value. Leave them out"),
        (["a", "b"], ": column `x` holds text, but only numbers can be fed"),
        ([[1.0], [1.0, 2.0]], ": column `x` has lists of different lengths"),
    ],
)
def test_parquet_that_cannot_be_fed(refusal, tmp_path, values, said):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"x": values, "y": [0, 1]}), path)
    assert refusal(path, {"x": ("float32", [-1])}, label="y") == f"{path}{said}"


def test_a_file_that_is_not_parquet_is_refused(refusal, tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"no parquet at all")
    assert refusal(path, {"x": ("float32", [-1])}, label="y").startswith(
        f"{path} cannot be read as Parquet: "
    )


def test_duplicate_column_names_are_refused(refusal, table):
    path = table("age,job,hours,age,y\n1,2,3,4,0\n")
    assert refusal(path, INPUTS, label="y", options=OPTIONS) == (
        f"{path} has several columns called `age`. Rename all but one of them"
    )


def test_unused_columns_may_share_a_name(build, table):
    path = table("x,y,note,note\n1,0,a,b\n")
    assert build(path, {"x": ("float32", [-1])}, label="y").inputs["x"].tolist() == [1]


def test_an_input_of_several_columns_may_be_the_label(build, table):
    path = table("a,b\n1,2\n3,4\n")
    options = {"columns": {"x": ["a", "b"]}}
    dataset = build(path, {"x": ("float32", [-1, 2])}, label="x", options=options)
    assert dataset.label.tolist() == dataset.inputs["x"].tolist() == [[1, 2], [3, 4]]


@pytest.fixture
def parquet(tmp_path):
    """Write a Parquet file into the folder `table`."""

    def write(name, **columns):
        path = tmp_path / "table" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path)
        return tmp_path / "table"

    return write


X = {"x": ("float32", [-1])}


def test_the_folders_of_a_partitioned_table_are_columns(build, parquet):
    for year, y, x in ((2025, 1, [5.0]), (2024, 0, [1.0, 2.0]), (2024, 1, [3.0])):
        folder = parquet(f"year={year}/y={y}/part-0.parquet", x=x)
    dataset = build(folder, {**X, "year": ("int32", [-1])}, label="y")
    assert dataset.inputs["x"].tolist() == [1, 2, 3, 5]
    assert dataset.inputs["year"].tolist() == [2024, 2024, 2024, 2025]
    assert dataset.label.tolist() == [0, 0, 1, 1]
    assert dataset.manifest.warnings == []


def test_partitions_of_text_are_names_to_slice_by(build, refusal, parquet):
    for device in ("1", "a%20b"):
        folder = parquet(f"device={device}/part-0.parquet", x=[1.0, 2.0], y=[0, 1])
    dataset = build(folder, X, label="y", fields='{"device": []}')
    assert dataset.fields["device"].tolist() == ["1", "1", "a b", "a b"]
    assert refusal(folder, {**X, "device": ("float32", [-1])}, label="y") == (
        f"{folder}: the folders of column `device` name text, but only numbers can be fed"
    )


def test_a_partition_of_rows_without_a_value_is_refused(refusal, parquet):
    folder = parquet("y=__HIVE_DEFAULT_PARTITION__/part-0.parquet", x=[1.0])
    assert refusal(folder, X, label="y") == (
        f"{folder}/y=__HIVE_DEFAULT_PARTITION__: column `y` has rows without a value. Leave them "
        "out"
    )


def test_parquet_files_that_are_not_read_are_named(build, parquet):
    for name in ("a.parquet", "old/b.parquet", "c.parquet.bak"):
        folder = parquet(name, x=[1.0, 2.0], y=[0, 1])
    dataset = build(folder, X, label="y")
    assert dataset.manifest.samples == 2
    assert dataset.manifest.warnings == [
        FILES_NOT_READ.says(
            "in `table`, 2 files are not read as parquet: `c.parquet.bak`, `old/b.parquet`. Move "
            "them out of the folder, or rename those that are samples"
        )
    ]


def test_shards_of_parquet_are_complete(build, refusal, parquet):
    hub = "0123456789abcdef"
    parquet(f"train-00000-of-00003-{hub}.parquet", x=[1.0, 2.0], y=[0, 1])
    folder = parquet(f"train-00002-of-00003-{hub}.parquet", x=[5.0], y=[1])
    assert refusal(folder, X, label="y") == (
        f"{folder} lacks `00001-of-00003` of the shards of `train.parquet`. Keep one file for "
        "each shard, or rename files that are not part of the set"
    )
    parquet(f"train-00001-of-00003-{hub}.parquet", x=[3.0], y=[1])
    dataset = build(folder, X, label="y")
    assert dataset.inputs["x"].tolist() == [1, 2, 3, 5]
    assert dataset.manifest.warnings == []
    parquet("train-00001-of-00003.parquet", x=[3.0], y=[1])
    assert refusal(folder, X, label="y") == (
        f"{folder} has more than 3 files for the 3 shards of `train.parquet`. Keep one file for "
        "each shard, or rename files that are not part of the set"
    )


def test_several_sets_and_single_shards_are_reported(build, parquet):
    parquet("train-00000-of-00001.parquet", x=[1.0], y=[0])
    parquet("test-00000-of-00002.parquet", x=[2.0], y=[1])
    folder = parquet("test-00001-of-00002.parquet", x=[3.0], y=[1])
    assert build(folder, X, label="y").manifest.warnings == [
        SEVERAL_SETS.says(
            "`table` has several sets of shards, which are all read: `test.parquet`, "
            "`train.parquet`. Give each set a folder of its own if only one is meant"
        )
    ]
    alone = build(folder / "test-00001-of-00002.parquet", X, label="y").manifest
    assert alone.samples == 1
    assert alone.warnings == [
        SINGLE_SHARD.says(
            "`test-00001-of-00002.parquet` is one of 2 shards, and the others are not read. To "
            "read all, name their folder as the source"
        )
    ]
