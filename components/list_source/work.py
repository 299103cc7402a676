"""The work of `list_source`: the names, sizes and versions of a source's files."""

from quantgate.components.artifacts.listing import write_listing
from quantgate.errors import InputError
from quantgate.foundation.storage.access import files_at


def list_source(uri: str, content: str, listing_path: str) -> str:
    """Write the listing of a source, and return its hash.

    Args:
        uri: a URI or path.
        content: the expected hash, or "".
        listing_path: the file to write.

    Raises:
        InputError: the hash differs.
        StorageError: the source cannot be listed.
    """
    listing = files_at(uri).listing(uri)
    if content not in ("", listing.sha256):
        raise InputError(
            f"{uri} has changed since the run started: its files or their versions differ. Run "
            "again"
        )
    write_listing(listing, listing_path)
    return listing.sha256
