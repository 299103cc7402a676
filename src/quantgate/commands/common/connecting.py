"""How a verb reaches a cluster: what kfp's client takes, as arguments."""

import argparse
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from quantgate.foundation.extras import import_kfp_without_client, require

if TYPE_CHECKING:
    from quantgate.pipelines.cluster.connection import ImpatientClient

#: Arguments of `kfp.Client`, each with its metavariable and what it is.
_TAKEN = {
    "host": ("URL", "the API's endpoint (default: $KF_PIPELINES_ENDPOINT, or kubectl's context)"),
    "namespace": ("NAME", "where runs belong, in a cluster with several users"),
    "existing_token": ("TOKEN", "a token; one in a file that $KF_PIPELINES_SA_TOKEN_PATH names is "
                       "seen by no other user of this machine"),
    "cookies": ("COOKIES", "cookies of a session, as `name=value`"),
    "client_id": ("ID", "of Identity-Aware Proxy (default: $KF_PIPELINES_IAP_OAUTH2_CLIENT_ID)"),
    "other_client_id": ("ID", "to log in with (default: $KF_PIPELINES_APP_OAUTH2_CLIENT_ID)"),
    "other_client_secret": (
        "SECRET", "belongs to it (default: $KF_PIPELINES_APP_OAUTH2_CLIENT_SECRET)"
    ),
    "proxy": ("URL", "a proxy on the way"),
    "ssl_ca_cert": ("FILE", "certificates to trust"),
    "kube_context": ("NAME", "a context of kubectl, to go through Kubernetes"),
    "ui_host": ("URL", "the UI, for links (default: $KF_PIPELINES_UI_ENDPOINT, or the host)"),
}  # fmt: skip
#: Options whose values are nobody else's business.
_SECRET = ("--secret", "--existing-token", "--cookies", "--other-client-secret", "--proxy")
#: User and password in a URL, whose scheme may be left out.
_USER = re.compile(r"(?<=//)[^/@]*@|(?<![^=])[^/@=:]+:[^/@]*@")


def add_connection(parser: argparse.ArgumentParser) -> None:
    """Add what `kfp.Client` takes, and how long an answer may take."""
    group = parser.add_argument_group("the cluster's API, as kfp's own client takes it")
    for name, (metavar, text) in _TAKEN.items():
        group.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, help=text)
    group.add_argument(
        "--no-verify-ssl",
        dest="verify_ssl",
        action="store_false",
        default=None,
        help="trust any certificate",
    )
    group.add_argument(
        "--request-timeout",
        type=positive_seconds,
        default=30.0,
        metavar="SECONDS",
        help="how long one answer may take (default: %(default)g)",
    )


def redacted(arguments: Sequence[str]) -> list[str]:
    """Hide secrets among a command's arguments; options may be cut short, as argparse allows."""
    return [_USER.sub("***@", argument) for argument in _without_values(arguments)]


def _without_values(arguments: Sequence[str]) -> list[str]:
    shown: list[str] = []
    is_secret = False
    for argument in arguments:
        option, separator, _ = argument.partition("=")
        is_named = len(option) > len("--") and any(name.startswith(option) for name in _SECRET)
        hidden = f"{option}=***" if is_named and separator else argument
        shown.append("***" if is_secret else hidden)
        is_secret = is_named and not separator and not is_secret
    return shown


def positive_seconds(text: str) -> float:
    """Read a number of seconds from an argument."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return seconds


def connected(options: argparse.Namespace) -> "ImpatientClient":
    """Make the client.

    Raises:
        UsageError: kfp is not installed, or no endpoint can be found.
        ClusterError: the endpoint cannot be reached, or refuses.
    """
    require("talking to a cluster", "kfp")
    import_kfp_without_client()
    from quantgate.pipelines.cluster.connection import connect

    arguments = {name: getattr(options, name) for name in (*_TAKEN, "verify_ssl")}
    return connect(arguments, options.request_timeout)


def connected_to_send(options: argparse.Namespace, plugins: bool = False) -> "ImpatientClient":
    """Make the client of a cluster that can run quantgate's pipelines, with plugins if asked.

    Raises:
        UsageError: kfp is not installed, or no endpoint can be found.
        ClusterError: the endpoint cannot be reached, refuses, or is too old.
    """
    client = connected(options)
    from quantgate.pipelines.cluster.backend import PIPELINES, PLUGINS, check_backend

    if note := check_backend(client, PLUGINS if plugins else PIPELINES):
        sys.stderr.write(f"note: {note}\n")
    return client
