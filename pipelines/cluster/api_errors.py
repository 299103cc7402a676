"""Errors between kfp's client and a cluster, in sentences."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import kfp_server_api
import urllib3

from quantgate.errors import ClusterError, UsageError

#: How to log in, for messages.
TOKENS = "--existing-token, or a file that KF_PIPELINES_SA_TOKEN_PATH names"
#: The keys of the message in the JSON of an error, from the API, its uploads, and proxies.
_SAYING = ("message", "error_message", "error")


@contextmanager
def explained(address: str) -> Iterator[None]:
    """Turn errors of kfp's client into sentences, and suppress its output.

    Raises:
        UsageError: the address is not a URL.
        ClusterError: the cluster cannot be reached, is too slow, or refuses the request.
    """
    try:
        with redirect_stdout(io.StringIO()):
            yield
    except kfp_server_api.ApiException as error:
        raise ClusterError(_refusal(address, error)) from None
    except urllib3.exceptions.NewConnectionError as error:  # one of urllib3's time-outs
        raise ClusterError(_unreachable(address, error)) from None
    except urllib3.exceptions.LocationParseError:
        raise UsageError(f"{address} is not a URL. Check --host") from None
    except urllib3.exceptions.TimeoutError:
        raise ClusterError(
            f"{address} does not answer in time. Try again, or allow more with --request-timeout"
        ) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise ClusterError(_unreachable(address, error)) from None
    except (AttributeError, TypeError, ValueError) as error:
        raise ClusterError(_misread(address, error)) from error


def expect(value: Any, address: str) -> Any:
    """Return a value that every answer of the API contains.

    Raises:
        ClusterError: it is missing, because another or an old server has answered.
    """
    if not value:
        raise ClusterError(
            f"{address} answers, but not like the API of Kubeflow Pipelines 2: it may be another "
            "page of the dashboard, a login, or a backend of version 1. Check --host, and log in "
            f"with {TOKENS} or --cookies"
        )
    return value


def _refusal(address: str, error: Any) -> str:
    said = _message(error.body) or error.reason or "without a message"
    if error.status in (401, 403) or 300 <= error.status < 400:
        return (
            f"{address} refuses the request ({error.status} {error.reason}): give a valid token "
            f"({TOKENS}), and check --namespace"
        )
    if error.status == 0 and said.startswith("SSLError"):
        cause = said.partition("\n")[2]
        return f"{address} cannot be trusted: {cause}. Name its certificate with --ssl-ca-cert"
    if error.status == 0:
        return f"{address} does not answer like a KFP API: {said}"
    return f"{address} answers {error.status}: {said}"


def _misread(address: str, error: Exception) -> str:
    """Explain an error of kfp's client itself, which does not check the form of answers."""
    if isinstance(error.__context__, kfp_server_api.ApiException):
        return _refusal(address, error.__context__)
    return f"{address} does not answer like a KFP API: {error}"


def _message(body: Any) -> str:
    """Return the message in an error's JSON. Its headers may hold a session's cookie."""
    try:
        document = json.loads(body)
    except (TypeError, ValueError):
        return ""
    said = document if isinstance(document, dict) else {}
    return next((str(said[key]).strip() for key in _SAYING if said.get(key)), "")


def _unreachable(address: str, error: BaseException) -> str:
    cause = str(error).rpartition(": ")[2].removesuffix('"))') or type(error).__name__
    return (
        f"{address} cannot be reached: {cause}. Check --host, and that a port is forwarded or a "
        "proxy named where one is needed"
    )
