"""Arguments for writing a pipeline as Kubernetes manifests."""

import argparse
import re
from typing import TYPE_CHECKING

from quantgate.errors import UsageError

if TYPE_CHECKING:
    from quantgate.pipelines.manifests import ManifestNames

KFP, KUBERNETES = "kfp", "kubernetes"
_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
#: Kubernetes copies a pipeline's name into a label, which is limited to this length.
_LONGEST = 63
_OPTIONS = ("name", "pipeline_version", "namespace")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add --format, and the options that name manifests."""
    group = parser.add_argument_group("the format of the file")
    group.add_argument(
        "--format",
        choices=(KFP, KUBERNETES),
        default=KFP,
        help="kfp for KFP's own YAML, or kubernetes for manifests of a Pipeline and its "
        "PipelineVersion, for kubectl or GitOps (default: %(default)s)",
    )
    group.add_argument(
        "--name", type=_object_name, help="name of the Pipeline (default: the spec's name)"
    )
    group.add_argument(
        "--pipeline-version",
        type=_object_name,
        metavar="VERSION",
        help="name of the version (default: a hash of the compiled pipeline). The "
        "PipelineVersion is called PIPELINE-VERSION",
    )
    group.add_argument(
        "--namespace", type=_namespace, metavar="NAME", help="namespace of the manifests"
    )


def manifest_names(options: argparse.Namespace) -> "ManifestNames":
    """Return the names of the manifests from the command line."""
    from quantgate.pipelines.manifests import ManifestNames

    return ManifestNames(options.name, options.pipeline_version, options.namespace)


def refuse_names_without_manifests(options: argparse.Namespace) -> None:
    """Refuse options that only manifests have.

    Raises:
        UsageError: such an option is given with another format.
    """
    for name in _OPTIONS:
        if getattr(options, name):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} is for manifests. Add --format {KUBERNETES}, or remove it")


def _object_name(text: str) -> str:
    return _checked(text, rf"{_LABEL}(\.{_LABEL})*", "digits, `-` and `.`")


def _namespace(text: str) -> str:
    return _checked(text, _LABEL, "digits and `-`")


def _checked(text: str, pattern: str, others: str) -> str:
    if len(text) > _LONGEST or not re.fullmatch(pattern, text):
        raise argparse.ArgumentTypeError(
            f"`{text}` is not a valid name in Kubernetes: use at most {_LONGEST} lowercase "
            f"letters, {others}, and begin and end with a letter or a digit"
        )
    return text
