"""The command line: ``autoft COMMAND ...``.

Each command is a module of this package with a function `run`, which is imported when the command is known. It returns
an exit status, or None where all is well.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module

from autoft.cli.arguments import make_parser
from autoft.cli.exit_status import FAILED, INTERRUPTED, OK
from autoft.errors import AutoFTError, InterruptedRunError
from autoft.search.interrupt import Interrupt, listening


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command (of the process by default) and return its `exit_status`; wrong usage exits with 2."""
    options = make_parser().parse_args(arguments)
    # TensorFlow's start-up notes, some of which call themselves errors (cuFFT), would bury what autoft says.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning, module="google")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A name that the terminal's encoding lacks is shown escaped, not a reason to stop.
            stream.reconfigure(errors="backslashreplace")
    try:
        with listening(Interrupt()):  # SIGTERM ends a command as Ctrl-C does; a fit listens on its own
            status: int | None = import_module(f"autoft.cli.{options.command}").run(options)
        return OK if status is None else status
    except AutoFTError as error:
        if options.debug:
            raise
        print(f"autoft: {error}", file=sys.stderr)
        return INTERRUPTED if isinstance(error, InterruptedRunError) else int(getattr(options, "failed", FAILED))
    except KeyboardInterrupt as error:
        print(f"autoft: interrupted {error}".rstrip(), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, a pager) has gone; Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
