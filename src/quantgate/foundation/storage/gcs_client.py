"""Google's storage client: time limits, retries, and its errors in sentences.

Credentials come from the environment.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from quantgate.foundation.sentences import capitalized
from quantgate.foundation.storage.operation import Operation

with warnings.catch_warnings():
    # The imports warn about grpcio, which is not used, and about old versions of Python.
    warnings.simplefilter("ignore")
    import requests
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.storage.exceptions import DataCorruption
    from google.cloud.storage.retry import DEFAULT_RETRY

#: Seconds for which a request is repeated after 429, 5xx or a broken connection.
PATIENCE_S = 120.0

#: Seconds to connect, and between two parts of an answer.
_TIMEOUT_S = (10.0, 60.0)
_NO_CREDENTIALS = (
    "there are no credentials. Set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth "
    "application-default login`"
)


def request_limits(patience_s: float) -> dict[str, Any]:
    """Return the arguments that every request takes: its retries and its time limit."""
    retry = DEFAULT_RETRY.with_delay(initial=0.5, maximum=30.0).with_timeout(patience_s)
    return {"retry": retry, "timeout": _TIMEOUT_S}


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Split `gs://bucket/models/fashion` into the bucket's name and the rest."""
    bucket, _, key = uri.removeprefix("gs://").partition("/")
    return bucket, key


@contextmanager
def explained(
    operation: Operation, special: Callable[[Any], str | None] = lambda _: None
) -> Iterator[None]:
    """Turn the errors of Google's client into sentences.

    Args:
        operation: the operation that the block carries out.
        special: returns the reason for an API error that has a particular meaning here, or None.

    Raises:
        StorageError: the operation failed.
    """
    try:
        yield
    except GoogleAPICallError as error:
        raise operation.error(special(error) or _refusal(error, operation)) from error
    except GoogleAuthError as error:
        raise operation.error(f"{_NO_CREDENTIALS} ({error})") from error
    except DataCorruption as error:
        raise operation.error(
            "an object arrived with bytes that do not match its checksum. Run again"
        ) from error
    except (RetryError, requests.RequestException, ConnectionError) as error:
        cause = getattr(error, "cause", None) or error
        raise operation.error(
            f"storage cannot be reached, or failed at every attempt ({cause}). "
            f"{capitalized(operation.advice)}"
        ) from error


def _refusal(error: Any, operation: Operation) -> str:
    if error.code in (401, 403):
        return (
            "permission denied. The account of this environment needs to "
            f"{operation.rights}. Storage says: {error.message}"
        )
    if error.code == 404:
        return "there is no such bucket. Check its name"
    return f"storage says {error.code}: {error.message}"
