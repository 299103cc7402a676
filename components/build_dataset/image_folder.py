"""Read a folder of images, with or without a subfolder for each class."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import chunk_bounds, chunk_length
from quantgate.components.build_dataset.pictures import Preparation, preparation_for
from quantgate.components.build_dataset.sources import (
    CLASS,
    FILE_NAME,
    Indices,
    MemoryArray,
    Request,
    SourceArray,
    row_bytes,
)
from quantgate.domain.warnings import EMPTY_CLASS, Warned
from quantgate.errors import InputError
from quantgate.spec.model.data import ImageOptions
from quantgate.spec.model.file_groups import EXAMPLE, group_of, pattern_problem
from quantgate.spec.model.formats import (
    class_folders,
    image_files,
    images_of_class,
    unknown_folders,
)
from quantgate.spec.model.source_files import readable_name
from quantgate.spec.problems.wording import few

Array = NDArray[Any]


@dataclass(frozen=True)
class ImageFiles:
    """The images of a source in the order of its samples.

    Attributes:
        root: the source's folder.
        paths: one for each sample.
        classes: the class of each, or None without class folders.
        fetch: puts the images at indices in their places, if they are elsewhere.
    """

    root: Path
    paths: Sequence[Path]
    classes: MemoryArray | None
    fetch: Callable[[Indices], None] | None = None

    def obtain(self, indices: Indices) -> None:
        """Make sure that the images at indices are in their places."""
        if self.fetch:
            self.fetch(indices)

    def name(self, index: int) -> str:
        """Return the path of an image below the source."""
        return self.paths[index].relative_to(self.root).as_posix()


@dataclass(frozen=True)
class ImageArray:
    """Images that are decoded when their rows are read.

    Attributes:
        key: name of the input.
        files: one for each sample.
        preparation: the steps from a file to an array.
        sample_shape: shape of one prepared image.
    """

    key: str
    files: ImageFiles
    preparation: Preparation
    sample_shape: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, with the samples as the first dimension."""
        return (len(self.files.paths), *self.sample_shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype, uint8 or float32."""
        return self.preparation.dtype

    def rows(self, indices: Indices) -> Iterator[Array]:
        """Yield the images at ascending indices, in chunks [k, ...].

        Raises:
            InputError: an image is damaged or has another shape.
            StorageError: an image cannot be fetched.
        """
        paths = self.files.paths
        length = chunk_length(row_bytes(self.shape, self.dtype))
        for start, stop in chunk_bounds(len(indices), length):
            self.files.obtain(indices[start:stop])
            yield np.stack([self._image(paths[index]) for index in indices[start:stop]])

    def _image(self, file: Path) -> Array:
        image = self.preparation.read(file, str(file))
        if image.shape != self.sample_shape:
            raise InputError(
                f"{file} is {list(image.shape)} and {self.files.paths[0]} is "
                f"{list(self.sample_shape)}: samples must have one shape. Set `images.size`"
            )
        return image


def open_images(request: Request) -> dict[str, SourceArray]:
    """Return the images of a folder, and their class numbers as int64 if it has class folders.

    Classes are numbered in the order of `images.classes`, or else in the alphabetical order of the
    folders' names.

    Raises:
        InputError: there are no images, the model has several inputs, or a folder is not in
            `images.classes`.
    """
    options = request.data.images or ImageOptions()
    return arrays_of_images(_listed(Path(request.data.source), options.classes), request)


def arrays_of_images(files: ImageFiles, request: Request) -> dict[str, SourceArray]:
    """Return images, their class numbers and their groups, see `open_images`."""
    root, inputs = files.root, request.signature.inputs
    if len(inputs) != 1:
        names = ", ".join(f"`{name}`" for name in inputs)
        raise InputError(
            f"{root} holds images, which feed one input, but the model has {names}. Give the "
            "samples as .npz or with a Python function"
        )
    if not files.paths:
        raise InputError(f"{root} holds no images. It needs a folder of them for each class")
    ((key, expected),) = inputs.items()
    preparation = preparation_for(request, expected)
    files.obtain(np.array([0]))
    shape = preparation.read(files.paths[0], str(files.paths[0])).shape
    arrays: dict[str, SourceArray] = {key: ImageArray(key, files, preparation, shape)}
    if files.classes is not None:
        arrays[CLASS] = files.classes
        request.warnings.extend(
            about_empty_classes(root.name, files.classes.names, {*files.classes.values.tolist()})
        )
    if groups := _groups(files, request):
        arrays[FILE_NAME] = groups
    return arrays


def _groups(files: ImageFiles, request: Request) -> MemoryArray | None:
    """Return the group of each image, by the pattern of its path in the class's folder.

    Calibration data without a match has no groups.
    """
    pattern, is_required = request.group, request.purpose == "evaluation"
    if pattern is None:
        return None
    if problem := pattern_problem(pattern):
        if is_required:
            raise InputError(
                f"{files.root} holds images, whose `group` is a pattern of file names. `{pattern}` "
                f"{problem}. Write for example `{EXAMPLE}`"
            )
        return None
    above = files.classes is not None
    paths = ["/".join(path.relative_to(files.root).parts[above:]) for path in files.paths]
    groups = [readable_name(group_of(path, pattern)) for path in paths]
    if is_required and not all(groups):
        raise InputError(
            f"{groups.count(''):,} of {len(groups):,} images in {files.root} have no group by "
            f"`{pattern}`, the first is {paths[groups.index('')]}. Correct `group`"
        )
    return MemoryArray(FILE_NAME, np.array(groups)) if any(groups) else None


def _listed(root: Path, classes: Sequence[str] | None) -> ImageFiles:
    if not root.is_dir():
        return ImageFiles(root, [], None)
    folders = class_folders(root)
    if not folders:
        return ImageFiles(root, image_files(root), None)
    refuse_unlisted(root, classes)
    images = {folder.name: images_of_class(folder) for folder in folders}
    names = classes or list(images)
    numbers = np.repeat(np.arange(len(names)), [len(images.get(name, ())) for name in names])
    files = [file for name in names for file in images.get(name, ())]
    return ImageFiles(root, files, class_numbers(numbers, names))


def class_numbers(numbers: Array, names: Sequence[str]) -> MemoryArray:
    """Return the numbers of the images' classes as labels."""
    return MemoryArray(CLASS, numbers, list(map(readable_name, names)))


def about_empty_classes(
    source: str, names: Sequence[str], numbers: Container[int]
) -> Iterator[Warned]:
    """Yield a warning if a class has no images.

    Args:
        source: name of the folder.
        names: of the classes, by their number.
        numbers: of the classes that have images.
    """
    if without := [name for number, name in enumerate(names) if number not in numbers]:
        yield EMPTY_CLASS.says(
            f"`{readable_name(source)}` has no images of {few(without)}. Add some, or check the "
            "names of its folders"
        )


def refuse_unlisted(root: Path, classes: Sequence[str] | None) -> None:
    """Raise an InputError if a folder of images is none of the given classes."""
    if classes and (unknown := unknown_folders(root, classes)):
        raise InputError(
            f"{root} has the folders {few([*map(readable_name, unknown)])}, which "
            "`images.classes` does not list. List them in the order of the model's outputs, or "
            "remove them"
        )
