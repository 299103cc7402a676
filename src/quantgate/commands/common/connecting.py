"""The connection to a cluster, with the arguments of kfp's client as options."""

import argparse
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from quantgate.commands.common.messages import write_message
from quantgate.foundation.extras import import_kfp_without_client, require

if TYPE_CHECKING:
    from quantgate.pipelines.cluster.connection import ImpatientClient

#: Arguments of `kfp.Client`, each with its metavariable and help text.
_CLIENT_ARGUMENTS = {
    "host": (
        "URL", "endpoint of the API (default: $KF_PIPELINES_ENDPOINT, or kubectl's context)"
    ),
    "namespace": ("NAME", "namespace of the runs, on a multi-user cluster"),
    "existing_token": ("TOKEN", "an access token, which other users of this machine can see. Use "
                       "$KF_PIPELINES_SA_TOKEN_PATH to pass it in a file"),
    "cookies": ("COOKIES", "cookies of a session, as `name=value`"),
    "client_id": (
        "ID", "client ID of Identity-Aware Proxy (default: $KF_PIPELINES_IAP_OAUTH2_CLIENT_ID)"
    ),
    "other_client_id": (
        "ID", "client ID to log in with (default: $KF_PIPELINES_APP_OAUTH2_CLIENT_ID)"
    ),
    "other_client_secret": (
        "SECRET",
        "secret of the client ID to log in with (default: $KF_PIPELINES_APP_OAUTH2_CLIENT_SECRET)",
    ),
    "proxy": ("URL", "a proxy to connect through"),
    "ssl_ca_cert": ("FILE", "certificates to trust"),
    "kube_context": ("NAME", "a context of kubectl, to connect through Kubernetes"),
    "ui_host": (
        "URL", "address of the UI, for links (default: $KF_PIPELINES_UI_ENDPOINT, or the host)"
    ),
}  # fmt: skip
#: Options with secret values.
_SECRET = ("--secret", "--existing-token", "--cookies", "--other-client-secret", "--proxy")
#: User and password in a URL, with or without a scheme.
_USER = re.compile(r"(?<=//)[^/@]*@|(?<![^=])[^/@=:]+:[^/@]*@")


def add_connection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kfp.Client`, and a timeout for requests."""
    group = parser.add_argument_group("the cluster's API (as for kfp's own client)")
    for name, (metavar, text) in _CLIENT_ARGUMENTS.items():
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
        help="timeout of one request (default: %(default)g)",
    )


def redacted(arguments: Sequence[str]) -> list[str]:
    """Hide secrets among a command's arguments. Options may be abbreviated, as in argparse."""
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
    """Create the client.

    Raises:
        UsageError: kfp is not installed, or there is no endpoint.
        ClusterError: the endpoint is unreachable, or refuses the request.
    """
    require("talking to a cluster", "kfp")
    import_kfp_without_client()
    from quantgate.pipelines.cluster.connection import connect

    arguments = {name: getattr(options, name) for name in (*_CLIENT_ARGUMENTS, "verify_ssl")}
    return connect(arguments, options.request_timeout)


def connected_to_send(options: argparse.Namespace, plugins: bool = False) -> "ImpatientClient":
    """Create the client, and check that the cluster can run quantgate's pipelines.

    Args:
        options: of the command line.
        plugins: whether the cluster has to support plugins.

    Raises:
        UsageError: kfp is not installed, or there is no endpoint.
        ClusterError: the endpoint is unreachable, refuses the request, or is too old.
    """
    client = connected(options)
    from quantgate.pipelines.cluster.backend import PIPELINES, PLUGINS, check_backend

    if note := check_backend(client, PLUGINS if plugins else PIPELINES):
        write_message(note, kind="note")
    return client
