"""The cluster, namespace and experiment that kfp's client would use, without a connection."""

import json
import os
import re
from pathlib import Path

from kfp.client import Client
from kfp.client.client import (
    KF_PIPELINES_DEFAULT_EXPERIMENT_NAME,
    KF_PIPELINES_ENDPOINT_ENV,
    KF_PIPELINES_OVERRIDE_EXPERIMENT_NAME,
    KF_PIPELINES_UI_ENDPOINT_ENV,
)

from quantgate.errors import UsageError
from quantgate.pipelines.cluster.api_errors import TOKENS

#: A user and password at the start of a URL, with or without a scheme.
_USER = re.compile(r"(\w+:)?/*[^/?#]*@")


def experiment_name(given: str | None) -> str:
    """Return the experiment of new runs, by kfp's own rules."""
    named = given or os.environ.get(KF_PIPELINES_DEFAULT_EXPERIMENT_NAME)
    return os.environ.get(KF_PIPELINES_OVERRIDE_EXPERIMENT_NAME, named) or "Default"


def endpoint(host: str | None, kube_context: str | None) -> str:
    """Describe the API that kfp's client would use.

    Raises:
        UsageError: its URL names a user.
    """
    refuse_users(host, None)
    address = host or os.environ.get(KF_PIPELINES_ENDPOINT_ENV)
    if address:
        return address
    if kube_context:
        return f"by kubectl's context {kube_context}"
    return "by kubectl's current context, or in a pod by its cluster's own service"


def refuse_users(host: str | None, ui_host: str | None) -> None:
    """Refuse users in URLs. kfp's client does not send them, and messages show URLs.

    Raises:
        UsageError: a URL in the arguments or in kfp's variables names a user.
    """
    for option, variable, given in (
        ("--host", KF_PIPELINES_ENDPOINT_ENV, host),
        ("--ui-host", KF_PIPELINES_UI_ENDPOINT_ENV, ui_host),
    ):
        if _names_user(given) or _names_user(os.environ.get(variable)):
            raise UsageError(
                f"{option} (or {variable}) names a user before `@`, which kfp's client does not "
                f"send: leave it out, and log in with {TOKENS} or --cookies"
            )


def _names_user(url: str | None) -> bool:
    return _USER.match(url or "") is not None


def namespace_name(given: str | None) -> str | None:
    """Return the namespace of new runs, or None if kfp has none set."""
    try:
        settings = json.loads(Path(Client._LOCAL_KFP_CONTEXT).read_text("utf-8"))
    except (OSError, ValueError):
        settings = {}
    kept = settings.get("namespace") if isinstance(settings, dict) else None
    return given or (str(kept) if kept else None)
