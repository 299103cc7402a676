"""Credentials in URIs. They are refused, because URIs are in logs, caches and pipelines."""

import re

from quantgate.errors import UsageError

#: A user and a password before `@`. A password may have slashes, and a port is not a password.
#: Without a maximum length, a long text without `@` would take minutes.
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@:]{0,256}:(?!\d{1,5}(?:/|$))[^\s@]{0,512}@")
#: A parameter of a presigned URI, or another one that grants access, up to the first character that
#: such a value does not have.
_GRANT = re.compile(
    r"(?<=[?&])((?:x-amz-signature|x-amz-security-token|x-amz-credential|x-goog-signature"
    r"|x-goog-credential|signature|sig|(?:access_|id_|security_|sas_)?token|api_?key|password"
    r"|secret|(?:aws_)?secret_?(?:access_?)?key)=)([\w%+/=.~*-]+)",
    re.IGNORECASE,
)
_CHARACTER = re.compile("[^:@]")
WAY_OUT = (
    "Remove them from the URI, and put them into the environment, such as AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY"
)


def has_credentials(text: str) -> bool:
    """Return whether a text has a URI with a user and a password, or with a signature or token."""
    return bool(_CREDENTIALS.search(text) or _GRANT.search(text))


def masked(text: str) -> str:
    """Replace the characters of credentials in URIs by asterisks, so that columns stay."""
    text = _CREDENTIALS.sub(lambda match: _CHARACTER.sub("*", match[0]), text)
    return _GRANT.sub(lambda match: match[1] + "*" * len(match[2]), text)


def refuse_credentials(uri: str) -> None:
    """Refuse a URI with credentials.

    Raises:
        UsageError: it has some. The message masks them.
    """
    if has_credentials(uri):
        raise UsageError(f"{masked(uri)} has credentials in it. {WAY_OUT}, and run again")
