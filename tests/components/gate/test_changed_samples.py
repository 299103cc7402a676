"""Samples that the winner loses: which ones, their names, and their pictures in the report."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantgate.components.artifacts.dataset import NAMES, ROWS, folder_of
from quantgate.components.artifacts.dataset_summary import write_summary
from quantgate.components.gate.changed_samples import MOST_BYTES
from quantgate.records.datasets import ArrayFacts, Manifest
from quantgate.records.tasks import Measurement, ModelFacts, Signature, Steps

BY_SIZE = {"minimize": "size_bytes"}
LOOSE = {"top1": {"max_drop": 0.5}}


def dataset(
    files,
    values: np.ndarray,
    names: list[str] | None = None,
    signature: str = "serve",
    classes: list[str] | None = None,
) -> str:
    """Write an evaluation set with one input, whose rows in the source are 1000, 1001, ..."""
    path = Path(files.path("dataset"))
    folder = folder_of(path, signature)
    (folder / ROWS).parent.mkdir(parents=True)
    np.save(folder / ROWS, np.arange(1000, 1000 + len(values)))
    np.save(folder / "image.npy", values)
    if names:
        np.save(folder / NAMES, np.array(names))
    facts = ArrayFacts(
        file="image.npy",
        shape=list(values.shape),
        dtype=values.dtype.name,
        minimum=float(values.min()),
        maximum=float(values.max()),
    )
    manifest = Manifest(
        purpose="evaluation",
        source="photos",
        inputs={"image": facts},
        label=None,
        samples=len(values),
        available=len(values),
        select="first",
        seed=0,
        per_class=None,
        content_sha256="d" * 64,
        classes=classes or [],
    )
    manifest.write(folder / "manifest.json")
    summary = Path(files.path("evaluation"))
    digests = np.arange(len(values), dtype=np.uint64)
    write_summary(summary, signature, manifest, digests, np.array([], np.str_))
    return str(path)


def gated(files, values, names=None, **changes):
    """Run the gate on a data set, and return the samples that changed and the page."""
    data = dataset(files, values, names)
    files.gate(evaluation=files.path("evaluation"), dataset=data, **changes)
    (changed,) = files.decision().details.changed
    return changed, Path(files.path("page")).read_text("utf-8")


def pictures(page: str) -> list[Image.Image]:
    texts = re.findall(r'<img src="data:image/\w+;base64,([^"]+)" alt="">', page)
    return [Image.open(io.BytesIO(base64.b64decode(text))) for text in texts]


def of_colour(side: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (100, side, side, 3)).astype(np.float32)


def test_the_samples_that_a_winner_loses_are_shown_as_pictures(files):
    names = [f"cats/{number}.png" for number in range(100)]
    changed, page = gated(files, of_colour(8), names, limits=LOOSE)
    assert (changed.figure, changed.candidate) == ("top1", "dynamic_range")
    assert (changed.lost, changed.gained) == (30, 0)
    assert len(changed.shown) == 24
    assert (changed.shown[0].row, changed.shown[0].name) == (1000, "cats/0.png")
    assert (changed.shown[-1].row, changed.shown[-1].name) == (1029, "cats/29.png")
    shown = pictures(page)
    assert len(shown) == 24
    assert "24 of them are shown, evenly chosen." in page


def test_a_picture_has_the_colours_of_its_sample(files):
    values = np.full((100, 8, 8, 3), -1.0, np.float32)
    values[0, ..., 0] = 1.0
    _, page = gated(files, values)
    (picture,) = pictures(page)
    assert picture.size == (8, 8)
    assert picture.getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize(
    "shape", [(100, 8, 8, 1), (100, 1, 8, 8), (100, 3, 8, 8)], ids=["grey", "grey first", "first"]
)
def test_grey_images_and_channels_first_are_pictures_too(files, shape):
    _, page = gated(files, np.arange(np.prod(shape), dtype=np.float32).reshape(shape))
    assert [picture.size for picture in pictures(page)] == [(8, 8)]


def test_the_origins_of_samples_may_be_apart_from_their_set(files):
    data = dataset(files, np.zeros((100, 16), np.float32), ["a.wav"] * 100)
    origins = Path(files.path("origins"))
    (folder_of(origins, "serve")).mkdir(parents=True)
    (folder_of(data, "serve") / "units").rename(folder_of(origins, "serve") / "units")
    files.gate(evaluation=files.path("evaluation"), dataset=data, origins=str(origins))
    (changed,) = files.decision().details.changed
    assert [(each.row, each.name) for each in changed.shown] == [(1000, "a.wav")]


def test_large_images_are_made_small(files):
    changed, page = gated(files, of_colour(200), limits=LOOSE)
    shown = pictures(page)
    assert {picture.size for picture in shown} == {(96, 96)}
    assert sum(len(text) for text in re.findall(r"base64,[^\"]+", page)) <= MOST_BYTES
    assert len(shown) <= len(changed.shown) == 24


def test_samples_that_are_no_images_are_named_by_their_row(files):
    changed, page = gated(files, np.zeros((100, 16), np.float32))
    assert [(each.row, each.name) for each in changed.shown] == [(1000, None)]
    assert pictures(page) == []
    assert "row 1,000" in page
    assert "row 1,000" in Path(files.path("report")).read_text("utf-8")


def test_an_early_stop_shows_the_samples_that_were_taken(files):
    """The winner was evaluated on the last 60 samples, and loses the second of them."""
    folder = Path(files.path("float16-measurement"))
    covered, top1 = np.arange(40, 100), np.ones(60)
    top1[1], top1[-10:] = 0, 0
    np.save(folder / "covered.npy", covered)
    np.savez(folder / "samples.npz", top1=top1)
    text = (folder / "measurement.json").read_text("utf-8")
    measured = Measurement.model_validate_json(text)
    steps = Steps(taken=60, available=100, limits=1)
    measured.model_copy(update={"steps": steps, "samples": 60}).write(folder / "measurement.json")
    changed, _ = gated(files, of_colour(8))
    assert [each.row for each in changed.shown] == [1041]


def test_without_a_data_set_no_samples_are_shown(files):
    files.gate(evaluation=files.summary("evaluation", list(range(100))))
    assert files.decision().details.changed == []
    assert "Samples that changed" not in Path(files.path("page")).read_text("utf-8")


def measured_on_two_signatures(files, name: str, **values: np.ndarray) -> None:
    """Replace a measurement by one with a figure for each of the signatures `digit` and `parity`.

    The classes that it predicts are 1 where a value is right, and 0 elsewhere. All labels are 1.
    """
    folder = Path(files.path(f"{name}-measurement"))
    np.savez(folder / "samples.npz", **values)
    chosen = {f"{figure}/chosen": value.astype(np.int32) for figure, value in values.items()}
    right = {f"{figure}/right": np.ones(len(value), np.int32) for figure, value in values.items()}
    np.savez(folder / "answers.npz", **chosen, **right)
    text = (folder / "measurement.json").read_text("utf-8")
    Measurement.model_validate_json(text).model_copy(
        update={
            "figures": {figure: float(value.mean()) for figure, value in values.items()},
            "metrics": dict.fromkeys(values, "top1"),
            "signatures": {figure: figure.split(".")[0] for figure in values},
        }
    ).write(folder / "measurement.json")


def gated_on_two_signatures(files, digit: int, parity: int, side: int = 8):
    """Run the gate with a candidate that loses the first samples of each signature."""
    facts = ModelFacts.read(files.path("facts"))
    keys = [Signature(key=key, inputs={}, outputs={}) for key in ("digit", "parity")]
    facts.model_copy(update={"signatures": keys}).write(files.path("facts"))
    for name, lost in (("float32", (0, 0)), ("dynamic_range", (digit, parity))):
        digits, parities = np.ones(100), np.ones(60)
        digits[: lost[0]], parities[: lost[1]] = 0, 0
        values = {"digit.top1": digits, "parity.top1": parities}
        measured_on_two_signatures(files, name, **values)
    measured_on_two_signatures(files, "float16", **{"digit.top1": digits, "parity.top1": parities})
    of_digits = of_colour(side)
    data = dataset(files, of_digits, signature="digit", classes=["no", "ja"])
    dataset(files, of_digits[:60], signature="parity", classes=["even", "odd"])
    limits = {"size_bytes": {"max": 50}}
    files.gate(evaluation=files.path("evaluation"), dataset=data, limits=limits, choose=[BY_SIZE])
    return files.decision().details.changed, Path(files.path("page")).read_text("utf-8")


def test_samples_of_several_signatures_are_shown_for_each(files):
    changed, page = gated_on_two_signatures(files, digit=3, parity=2)
    assert [(each.signature, each.figure, each.lost) for each in changed] == [
        ("digit", "digit.top1", 3),
        ("parity", "parity.top1", 2),
    ]
    (digit, *_), (parity, *_) = (each.shown for each in changed)
    assert (digit.right, digit.chosen) == ("ja", "no")
    assert (parity.right, parity.chosen) == ("odd", "even")
    assert len(pictures(page)) == 5
    for title in ("Samples that changed (digit)", "Samples that changed (parity)"):
        assert title in page
        assert f"## {title}" in Path(files.path("report")).read_text("utf-8")


@pytest.mark.parametrize(
    ("lost", "shown"), [((60, 30), [12, 12]), ((60, 5), [19, 5]), ((0, 40), [24])]
)
def test_signatures_share_the_number_of_samples(files, lost, shown):
    changed, _ = gated_on_two_signatures(files, *lost)
    assert [len(each.shown) for each in changed] == shown


def test_signatures_share_the_size_of_pictures(files):
    changed, page = gated_on_two_signatures(files, 60, 60, side=200)
    assert len(pictures(page)) > 12
    assert sum(map(len, re.findall(r"<img [^>]+>", page))) <= MOST_BYTES
    assert [len(each.shown) for each in changed] == [12, 12]
