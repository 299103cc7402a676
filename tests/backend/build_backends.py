"""Build KFP's programs for the named versions, or for all. `make test-backend` starts with it."""

import sys

from harness.build import VERSIONS, Unavailable, build


def main(versions: list[str]) -> int:
    """Build them, and return 0, or 1 if one cannot be built."""
    code = 0
    for version in versions or VERSIONS:
        try:
            sys.stdout.write(f"KFP {version}: {build(version).programs}\n")
        except Unavailable as error:
            sys.stderr.write(f"{error}\n")
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
