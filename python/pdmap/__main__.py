"""The command ``pdmap``, also as ``python -m pdmap``."""
from __future__ import annotations

import signal
import sys

from ._pdmap import run


def main() -> int:
    """Runs the command line, and returns its exit status."""
    # The command ends by signals as other programs do, not by exceptions of Python.
    for name in ("SIGINT", "SIGPIPE"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    return run(["pdmap", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
