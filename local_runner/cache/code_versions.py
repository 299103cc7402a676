"""Versions of the code that a task imports, and of this machine.

A function of the IR imports modules. Its result depends on the distributions of these modules, on
their direct requirements, on Python and on the processor. Requirements of extras count too, so
TensorFlow counts for quantgate. A package outside `site-packages`, as in a development install, is
identified by the content of its Python files, because its version does not change with the code.

Not covered are indirect requirements, programs that a command starts, and the environment
variables of the user.
"""

import platform
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path

from quantgate.foundation.hashing import sha256_of_json, sha256_of_python
from quantgate.foundation.machine import processor_name, processors

#: It passes a function its inputs. Its own requirements do not affect the result.
_EXECUTOR = "kfp"

_INSTALLED = frozenset({"site-packages", "dist-packages"})


def machine() -> dict[str, str]:
    """Return what every task depends on: Python, and the processor with its number of cores.

    The runner cannot tell a benchmark, whose results depend on the processor, from other tasks.
    """
    return {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "the processor": f"{processor_name()}, {processors()} cores, {platform.machine()}",
    }


class Packages:
    """Versions of the code behind modules. Each is read once per run, as files may change later."""

    def __init__(self) -> None:
        self._behind: dict[frozenset[str], dict[str, str]] = {}
        self._contents: dict[Path, str] = {}
        self._packages_at, self._requirements_of = cache(_packages_at), cache(_requirements_of)
        self._version_of, self._build_of = cache(_version_of), cache(_build_of)

    def behind(self, modules: frozenset[str]) -> dict[str, str]:
        """Return the version or content hash of everything that modules depend on, by name.

        Raises:
            OSError: code cannot be read.
        """
        if modules not in self._behind:
            own = {
                f"the code of {name}": self._content(place) for name, place in _own_code(modules)
            }
            self._behind[modules] = {**self._packages(modules), **own}
        return self._behind[modules]

    def _packages(self, modules: frozenset[str]) -> dict[str, str]:
        tops = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names
        imported = sorted({name for top in tops for name in self._packages_at(top)})
        required = {name for package in imported for name in self._requirements_of(package)}
        versions = {name: self._version_of(name) for name in required}
        versions |= {name: self._build_of(name) for name in imported}
        return {f"package {name}": version for name, version in sorted(versions.items())}

    def _content(self, place: Path) -> str:
        if place not in self._contents:
            self._contents[place] = sha256_of_python(place)
        return self._contents[place]


def _packages_at(top: str) -> list[str]:
    """Return the names of the packages that install a top-level module."""
    try:
        return [_name(metadata.distribution(top).name)]
    except metadata.PackageNotFoundError:
        return [_name(name) for name in metadata.packages_distributions().get(top, [])]


def _requirements_of(package: str) -> list[str]:
    return [] if package == _EXECUTOR else list(map(_name, metadata.requires(package) or []))


def _name(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", name.group()).lower() if name else requirement


def _version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _build_of(package: str) -> str:
    # RECORD has the hashes of all files. One version may be built twice from different code.
    installed = metadata.distribution(package)
    return f"{installed.version} {sha256_of_json(installed.read_text('RECORD'))}"


def _own_code(modules: frozenset[str]) -> Iterator[tuple[str, Path]]:
    """Yield the folders and files of modules that were not put in place by an installer."""
    places = {place: name for module in sorted(modules) for name, place in _places(module)}
    for place, name in places.items():
        is_inside = not places.keys().isdisjoint(place.parents)
        if not is_inside and not _INSTALLED & set(place.parts):
            yield name, place


def _places(module: str) -> Iterator[tuple[str, Path]]:
    """Yield the paths of a module and the packages around it, without importing any."""
    names = module.split(".")
    around: list[str] | None = None
    for depth in range(len(names) if names[0] not in sys.stdlib_module_names else 0):
        name = ".".join(names[: depth + 1])
        spec = _spec(name, around)
        if spec is None:
            return
        if spec.submodule_search_locations is None:
            yield name, Path(spec.origin or "")
            return
        around = list(spec.submodule_search_locations)
        yield from ((name, Path(place)) for place in around)


def _spec(name: str, around: list[str] | None) -> ModuleSpec | None:
    specs = (finder.find_spec(name, around) for finder in sys.meta_path)
    return next((spec for spec in specs if spec is not None), None)
