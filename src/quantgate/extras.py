"""What is not part of the core install, and the command that installs it."""

from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType

from quantgate.errors import UsageError

#: The extra that brings a module.
EXTRAS: Mapping[str, str] = MappingProxyType(
    {
        "ai_edge_litert": "evaluate",
        "kfp": "kfp",
        "sklearn": "evaluate",
        "tensorflow": "convert",
    }
)

#: What every run on this machine imports.
FOR_A_RUN = ("kfp", "tensorflow", "ai_edge_litert", "sklearn")


def require(purpose: str, *modules: str) -> None:
    """Make sure that modules can be imported, without importing them.

    Raises:
        UsageError: some cannot; it names the command that installs them.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        extras = ",".join(sorted({EXTRAS[module] for module in missing}))
        verb = "is" if len(missing) == 1 else "are"
        raise UsageError(
            f"{purpose} needs {', '.join(missing)}, which {verb} not installed: "
            f"pip install 'quantgate[{extras}]'"
        )
