"""The command `quantgate`. Each verb has its own module in `quantgate.commands`."""

# Ctrl-C is handled only after these imports, so they are kept few and fast.
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code (`quantgate.errors.ExitCode`)."""
    with _exit_on_ctrl_c():
        from quantgate.commands.common.guard import guarded
        from quantgate.commands.common.parsing import parsed
        from quantgate.commands.common.streams import prepare_streams, start_again_if_ascii

        if arguments is None:
            start_again_if_ascii()
            _collect_rarely()
            _load_no_plugins()
        prepare_streams()
        options = parsed(arguments)
    return guarded(options.handler, options)


def _collect_rarely() -> None:
    """Let the garbage collector of this process wait, as imports make objects but no garbage."""
    gc.set_threshold(50_000, 20, 100)


def _load_no_plugins() -> None:
    """Keep Pydantic from searching all installed packages for plugins, which takes time."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


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


if __name__ == "__main__":
    sys.exit(main())
