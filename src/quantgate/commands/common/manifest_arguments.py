"""Arguments of a pipeline that is written as Kubernetes manifests."""

import argparse
import re
from typing import TYPE_CHECKING

from quantgate.errors import UsageError

if TYPE_CHECKING:
    from quantgate.pipelines.manifests import ManifestNames

KFP, KUBERNETES = "kfp", "kubernetes"
_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
#: Kubernetes copies a pipeline's name into a label, which holds no more.
_LONGEST = 63
_OPTIONS = ("name", "pipeline_version", "namespace")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add --format, and the names in manifests."""
    group = parser.add_argument_group("the form of the file")
    group.add_argument(
        "--format",
        choices=(KFP, KUBERNETES),
        default=KFP,
        help="kfp: KFP's own YAML; kubernetes: manifests of a Pipeline and its PipelineVersion, "
        "for kubectl or GitOps (default: %(default)s)",
    )
    group.add_argument(
        "--name", type=_object_name, help="the Pipeline's name (default: the spec's name)"
    )
    group.add_argument(
        "--pipeline-version",
        type=_object_name,
        metavar="VERSION",
        help="what the version is called (default: a hash of the compiled pipeline); the "
        "PipelineVersion is named after pipeline and version",
    )
    group.add_argument(
        "--namespace", type=_namespace, metavar="NAME", help="the namespace of the manifests"
    )


def manifest_names(options: argparse.Namespace) -> "ManifestNames":
    """Return the names that a command line gives to manifests."""
    from quantgate.pipelines.manifests import ManifestNames

    return ManifestNames(options.name, options.pipeline_version, options.namespace)


def refuse_names_without_manifests(options: argparse.Namespace) -> None:
    """Refuse names that only manifests have.

    Raises:
        UsageError: one is given for a file of another form.
    """
    for name in _OPTIONS:
        if getattr(options, name):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} is for manifests; add --format {KUBERNETES}, or remove it")


def _object_name(text: str) -> str:
    return _checked(text, rf"{_LABEL}(\.{_LABEL})*", "digits, `-` and `.`")


def _namespace(text: str) -> str:
    return _checked(text, _LABEL, "digits and `-`")


def _checked(text: str, pattern: str, others: str) -> str:
    if len(text) > _LONGEST or not re.fullmatch(pattern, text):
        raise argparse.ArgumentTypeError(
            f"`{text}` is no name in Kubernetes: use lowercase letters, {others}, begin and "
            f"end with a letter or a digit, and stay within {_LONGEST} characters"
        )
    return text
