"""`--secret`: Kubernetes secrets of the spec's `cluster`, given to a local run."""

import argparse
import os
import re
from collections.abc import Iterator, Sequence

from quantgate.errors import UsageError
from quantgate.spec.model.cluster import Cluster

#: Value by key, by the name of the secret.
Secrets = dict[str, dict[str, str]]

_FORM = "NAME/KEY=VALUE"


def add_secrets(parser: argparse.ArgumentParser) -> None:
    """Add the option for a secret of `cluster.secrets`."""
    parser.add_argument(
        "--secret",
        dest="secrets",
        action="append",
        default=[],
        metavar=_FORM,
        help="a key of a secret in the spec's cluster.secrets, for its environment variable; "
        "NAME/KEY alone takes the value that this variable has here (repeatable)",
    )


def secrets_of(texts: Sequence[str], cluster: Cluster | None) -> Secrets:
    """Read the options of a command line; no message shows a value.

    Raises:
        UsageError: one is not of that form, or the spec names no variable for it.
    """
    variables = dict(_variables(cluster))
    secrets: Secrets = {}
    for text in texts:
        name, key, value = _parts(text)
        if (name, key) not in variables:
            raise UsageError(_unknown(f"{name}/{key}", variables))
        taken = _from_environment(name, key, variables[name, key]) if value is None else value
        secrets.setdefault(name, {})[key] = taken
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
    there = f"it has {known}" if known else "it has none"
    return f"--secret {secret}: the spec names no variable for it in cluster.secrets; {there}"


def _from_environment(name: str, key: str, variable: str) -> str:
    if variable not in os.environ:
        raise UsageError(
            f"--secret {name}/{key}: ${variable} is not set here; set it, or write "
            f"--secret {name}/{key}=VALUE"
        )
    return os.environ[variable]
