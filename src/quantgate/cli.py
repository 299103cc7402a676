"""The command `quantgate`: one verb, one file in `quantgate.commands`."""

# What is imported here is there before Ctrl-C can be heeded, so it is next to nothing.
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_EPILOG = """\
a first look:      quantgate demo
your own model:    quantgate init, then quantgate run quantgate.yaml
on a cluster:      quantgate submit quantgate.yaml --host URL --wait

exit codes: 0 a winner (or simply done); 1 a step failed; 2 wrong usage; 3 the spec is invalid;
            4 no candidate keeps the limits; 70 a bug in quantgate; 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code (`quantgate.errors.ExitCode`)."""
    with _ctrl_c_ends_at_once():
        from quantgate.commands.common.guard import guarded
        from quantgate.commands.common.streams import start_again_if_ascii

        if arguments is None:
            start_again_if_ascii()
        options = _parser().parse_args(arguments)
    return guarded(options.handler, options)


@contextmanager
def _ctrl_c_ends_at_once() -> Iterator[None]:
    """End without a word of Python's: among imports, KeyboardInterrupt may surface as anything."""
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not heeded or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_signal: int, _frame: FrameType | None) -> None:
    os.write(2, b"\ninterrupted before anything was done\n")
    os._exit(130)


def _parser() -> "argparse.ArgumentParser":
    import argparse

    from quantgate import __version__
    from quantgate.commands import (
        cache,
        compare,
        demo,
        explain,
        init,
        inspect,
        lint,
        logs,
        plan,
        promote,
        run,
        schedule,
        show,
        status,
        submit,
        upload,
        validate,
    )
    from quantgate.commands import compile as compile_command

    parser = argparse.ArgumentParser(
        prog="quantgate",
        description="Try every LiteRT post-training quantization mode on a trained TensorFlow "
        "model, measure each candidate, and hand over the best one that keeps your limits.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"quantgate {__version__}")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (
        init,
        validate,
        plan,
        compile_command,
        lint,
        run,
        submit,
        upload,
        schedule,
        status,
        show,
        explain,
        compare,
        logs,
        inspect,
        promote,
        cache,
        demo,
    ):
        command.add_to(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
