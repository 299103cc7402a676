"""`python -m quantgate`."""

from quantgate.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
