"""The option `--secret`, which passes Kubernetes secrets of the spec to a local run."""

import argparse
import os
import re
from collections.abc import Iterator, Sequence

from quantgate.errors import UsageError
from quantgate.spec.model.cluster import Cluster

#: Values of secrets: name of the secret -> key -> value.
Secrets = dict[str, dict[str, str]]

_FORM = "NAME/KEY=VALUE"


def add_secrets(parser: argparse.ArgumentParser) -> None:
    """Add --secret."""
    parser.add_argument(
        "--secret",
        dest="secrets",
        action="append",
        default=[],
        metavar=_FORM,
        help="set the environment variable of a key in the spec's cluster.secrets. NAME/KEY "
        "without a value takes the variable's current value (repeatable)",
    )


def secrets_of(texts: Sequence[str], cluster: Cluster | None) -> Secrets:
    """Read the options of a command line. No error message shows a value.

    Raises:
        UsageError: an option is malformed, or the spec names no variable for it.
    """
    variables = dict(_variables(cluster))
    secrets: Secrets = {}
    for text in texts:
        name, key, value = _parts(text)
        if (name, key) not in variables:
            raise UsageError(_unknown(f"{name}/{key}", variables))
        if value is None:
            value = _from_environment(name, key, variables[name, key])
        secrets.setdefault(name, {})[key] = value
    return secrets


def _variables(cluster: Cluster | None) -> Iterator[tuple[tuple[str, str], str]]:
    for secret in cluster.secrets if cluster else ():
        for key, variable in secret.env.items():
            yield (secret.secret, key), variable


def _parts(text: str) -> tuple[str, str, str | None]:
    match = re.fullmatch(r"([^/=]+)/([^=]+)(?:=(.*))?", text, re.DOTALL)
    if match is None:
        raise UsageError(f"--secret takes {_FORM}, or NAME/KEY for a value from the environment")
    return match[1], match[2], match[3]


def _unknown(secret: str, variables: dict[tuple[str, str], str]) -> str:
    known = ", ".join(f"{name}/{key}" for name, key in sorted(variables))
    choice = f"Use one of {known}" if known else "Remove the option"
    return f"--secret {secret}: cluster.secrets in the spec has no variable for it. {choice}"


def _from_environment(name: str, key: str, variable: str) -> str:
    if variable not in os.environ:
        raise UsageError(
            f"--secret {name}/{key}: ${variable} is not set. Set it, or write "
            f"--secret {name}/{key}=VALUE"
        )
    return os.environ[variable]
