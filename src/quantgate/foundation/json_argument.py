"""JSON for command arguments that a cluster passes on unchanged."""

import json
from typing import Any


def json_argument(value: Any) -> str:
    """Return a value as JSON that no part of a cluster rewrites on its way to a task.

    Kubernetes expands `$$` and `$(NAME)` in arguments. Argo and KFP expand `{{...}}`. In JSON, both
    occur only in strings, which may contain escapes instead.
    """
    return json.dumps(value).replace("$", "\\u0024").replace("{{", "{\\u007b")
