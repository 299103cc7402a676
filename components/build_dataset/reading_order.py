"""The files of a source in the order in which their samples are read, from their names alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from quantgate.foundation.storage.remote import Listing, RemoteFile
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.file_names import named_format
from quantgate.spec.model.formats import IMAGE_SUFFIXES, IMAGES
from quantgate.spec.model.source_files import data_files


@dataclass(frozen=True)
class Ordered:
    """The files of a source.

    Attributes:
        files: those that are read, in order.
        others: those that are not read.
        classes: the folders of images, one for each class.
    """

    files: list[RemoteFile]
    others: list[RemoteFile]
    classes: list[str]


def images_in_order(listing: Listing, classes: Sequence[str] | None) -> Ordered:
    """Return the images of a listing by class, and those of a class by path.

    Args:
        listing: of the source.
        classes: the names of the classes in the order of their numbers, None for that of their
            names.
    """
    images = [file for file in listing.files if _is_visible(file.name) and _is_image(file.name)]
    nested = [file for file in images if "/" in file.name]
    chosen = nested or images
    taken = {file.name for file in chosen}
    others = [file for file in listing.files if file.name not in taken]
    if not nested:
        return Ordered(sorted(chosen, key=_path), others, [])
    folders = sorted(set(_folders(listing)))
    places = {name: place for place, name in enumerate(classes or folders)}
    unlisted = len(places)
    ordered = sorted(
        chosen, key=lambda file: (places.get(_class_of(file.name), unlisted), _path(file))
    )
    return Ordered(ordered, others, folders)


def files_in_order(listing: Listing, format_name: str, skeleton: Path) -> Ordered:
    """Return the files of a listing of a format other than images.

    Args:
        listing: of the source.
        format_name: the format.
        skeleton: the source with empty files.
    """
    by_path = {skeleton / file.name: file for file in listing.files}
    if not listing.is_folder:
        return Ordered([*listing.files], [], [])
    read = [by_path.pop(path) for path in data_files(skeleton, format_name)]
    return Ordered(read, [*by_path.values()], [])


def write_skeleton(listing: Listing, folder: Path) -> Path:
    """Write a source with empty files, whose names show its format and gaps.

    One of the images in a folder is enough.
    """
    root = folder / listing.name
    root.parent.mkdir(parents=True)
    for file in _representatives(listing):
        place = root / file.name if listing.is_folder else root
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    for name in listing.empty:
        (root / name).mkdir(parents=True, exist_ok=True)
    return root


def with_format(data: DataSource, listing: Listing) -> DataSource:
    """Return a source with the format that the name of a single file shows."""
    shown = data.format or (None if listing.is_folder else named_format(listing.name))
    return data.model_copy(update={"format": shown})


def _representatives(listing: Listing) -> Iterator[RemoteFile]:
    seen: set[str] = set()
    for file in listing.files:
        folder = _class_of(file.name) if "/" in file.name else ""
        if not (_is_image(file.name) and _is_visible(file.name)):
            yield file
        elif folder not in seen:
            seen.add(folder)
            yield file


def _folders(listing: Listing) -> Iterator[str]:
    """Yield the visible folders of a listing, those without files too."""
    for name in (*(file.name for file in listing.files), *(f"{one}/" for one in listing.empty)):
        folder, slash, _ = name.partition("/")
        if slash and not folder.startswith("."):
            yield folder


def _is_visible(name: str) -> bool:
    return not any(part.startswith(".") for part in name.split("/"))


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES


def _class_of(name: str) -> str:
    return name.partition("/")[0]


def _path(file: RemoteFile) -> list[str]:
    return file.name.split("/")


def in_order(
    listing: Listing, format_name: str, skeleton: Path, classes: Sequence[str] | None
) -> Ordered:
    """Return the files of a listing in the order in which a format is read."""
    if format_name == IMAGES:
        return images_in_order(listing, classes)
    return files_in_order(listing, format_name, skeleton)
