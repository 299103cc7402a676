"""Where kfp's client would send something, read from its settings without a connection."""

import json
import os
from pathlib import Path

from kfp.client import Client
from kfp.client.client import (
    KF_PIPELINES_DEFAULT_EXPERIMENT_NAME,
    KF_PIPELINES_ENDPOINT_ENV,
    KF_PIPELINES_OVERRIDE_EXPERIMENT_NAME,
)


def experiment_name(given: str | None) -> str:
    """Return the experiment that runs are filed under, by kfp's own rules."""
    named = given or os.environ.get(KF_PIPELINES_DEFAULT_EXPERIMENT_NAME)
    return os.environ.get(KF_PIPELINES_OVERRIDE_EXPERIMENT_NAME, named) or "Default"


def endpoint(host: str | None, kube_context: str | None) -> str:
    """Name the API that kfp's client would talk to."""
    address = host or os.environ.get(KF_PIPELINES_ENDPOINT_ENV)
    if address:
        return address
    if kube_context:
        return f"by kubectl's context {kube_context}"
    return "by kubectl's current context, or in a pod by its cluster's own service"


def namespace_name(given: str | None) -> str | None:
    """Return the namespace that runs belong to, None where kfp has none set."""
    try:
        settings = json.loads(Path(Client._LOCAL_KFP_CONTEXT).read_text("utf-8"))
    except (OSError, ValueError):
        settings = {}
    kept = settings.get("namespace") if isinstance(settings, dict) else None
    return given or (str(kept) if kept else None)
