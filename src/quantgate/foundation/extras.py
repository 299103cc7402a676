"""Optional dependencies, and the commands that install them."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType

from quantgate.errors import UsageError

#: The extra that installs a module.
EXTRAS: Mapping[str, str] = MappingProxyType(
    {
        "ai_edge_litert": "evaluate",
        "docker": "docker",
        "ethosu.vela": "ethos_u",
        "kfp": "kfp",
        "kfp.kubernetes": "kfp",
        "litert_quantizer": "evaluate",
        "s3fs": "s3",
        "sklearn": "evaluate",
        "tensorflow": "convert",
        "tflite_micro": "microcontroller",
    }
)

#: Modules that every run on this machine imports.
FOR_A_RUN = ("kfp", "ai_edge_litert", "sklearn")
#: Modules that a run with a model of TensorFlow imports, too.
FOR_TENSORFLOW = ("tensorflow",)
#: Modules that a run with recipes imports, too.
FOR_RECIPES = ("litert_quantizer",)

#: If it is "true", kfp imports only what a task needs.
KFP_RUNTIME = "_KFP_RUNTIME"


def require(purpose: str, *modules: str) -> None:
    """Make sure that modules can be imported, without importing them.

    Raises:
        UsageError: a module is missing. The message gives the `pip install` command.
    """
    missing = [module for module in modules if not _can_be_imported(module)]
    if missing:
        extras = ",".join(sorted({EXTRAS[module] for module in missing}))
        verb = "is" if len(missing) == 1 else "are"
        raise UsageError(
            f"{purpose} needs {', '.join(missing)}, which {verb} not installed: "
            f"pip install 'quantgate[{extras}]'"
        )


def _can_be_imported(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # its parent package is missing
        return False


def import_kfp_without_client() -> None:
    """Import kfp as its own runtime does, without the client.

    Importing the client takes longer than a cached run. Later imports of `kfp.dsl` and
    `kfp.compiler` are complete anyway.
    """
    before = os.environ.get(KFP_RUNTIME)
    os.environ[KFP_RUNTIME] = "true"
    try:
        import kfp  # noqa: F401
    finally:
        del os.environ[KFP_RUNTIME]
        if before is not None:
            os.environ[KFP_RUNTIME] = before
