"""What is shown while a model is trained."""
from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TextIO

Callback = Callable[[dict[str, Any]], object]


class Progress:
    """One line on stderr that is written anew, or from ``verbose=2`` on a line for each validation."""

    def __init__(self, verbose: int, stream: TextIO | None = None) -> None:
        self.verbose, self.stream, self.width = verbose, stream or sys.stderr, 0

    def __call__(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "progress":
            horizon = event["horizon"]
            steps = f"{event['step']}" + (f"/{horizon}" if horizon else "")
            filled = int(20 * min(1.0, event["share"]))
            bar = "#" * filled + "." * (20 - filled)
            self.line(f"[{bar}] step {steps}, validation {event['validation']:.3f} nats")
        elif kind == "validated" and self.verbose > 1:
            self.line(f"step {event['step']}, {event['seconds']:.1f} s: validation {event['validation']:.4f} nats", end="\n")
        elif kind in ("member", "left-out", "rolled-back", "eased"):
            words = {"member": "training {model}, part {fold}", "left-out": "{model} is left out: {reason}",
                     "rolled-back": "step {step}: {reason}; back to step {to}",
                     "eased": "step {step}: {halvings} halved steps; the rate is multiplied by {factor}"}
            self.line(words[kind].format(**event), end="\n")

    def line(self, text: str, end: str = "") -> None:
        """Writes over the last line."""
        self.stream.write("\r" + text.ljust(self.width) + end)
        self.stream.flush()
        self.width = 0 if end else len(text)

    def close(self) -> None:
        """Ends the last line."""
        if self.width:
            self.stream.write("\n")
            self.width = 0


def listener(progress: Progress | None, callback: Callback | None) -> Callable[[str], None] | None:
    """What the extension module calls, with JSON."""
    if progress is None and callback is None:
        return None

    def heard(text: str) -> None:
        event = json.loads(text)
        if progress is not None:
            progress(event)
        if callback is not None:
            callback(event)

    return heard
