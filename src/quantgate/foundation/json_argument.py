"""Text that goes into a command's argument on a cluster and comes out unchanged."""

import json
from typing import Any


def json_argument(value: Any) -> str:
    """Return a value as JSON that nothing between a pipeline and its tasks rewrites.

    Kubernetes expands `$$` and `$(NAME)` in arguments, Argo and KFP `{{...}}`. In JSON, both can
    only occur in strings, where a character may be written as an escape.
    """
    return json.dumps(value).replace("$", "\\u0024").replace("{{", "{\\u007b")
