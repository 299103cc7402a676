"""The command `quantgate`. Each verb has its own module in `quantgate.commands`."""

# Ctrl-C is handled only after these imports, so they are kept few and fast.
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

exit codes:  0  success: there is a winner, or the command has no decision to make
             1  a step failed
             2  wrong usage
             3  the spec is invalid
             4  no candidate meets the limits
             5  the run is doubtful, so nothing is promoted
            70  a bug in quantgate
           130  interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code (`quantgate.errors.ExitCode`)."""
    with _exit_on_ctrl_c():
        from quantgate.commands.common.guard import guarded
        from quantgate.commands.common.streams import prepare_streams, start_again_if_ascii

        if arguments is None:
            start_again_if_ascii()
        prepare_streams()
        options = _parser().parse_args(arguments)
    return guarded(options.handler, options)


@contextmanager
def _exit_on_ctrl_c() -> Iterator[None]:
    """Exit at once on Ctrl-C: during imports, a KeyboardInterrupt may turn into any error."""
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_default or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _exit(_signal: int, _frame: FrameType | None) -> None:
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
        runs,
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
        "model, measure each candidate, and return the best one that meets your limits.",
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
        runs,
        cache,
        demo,
    ):
        command.add_to(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
