"""Processes that do not outlive the one that started them, however it ends."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from typing import Final

_SET_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>
_LIBC: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dying_with_parent(signal_number: int) -> Callable[[], None]:
    """Return what a child must do between fork and exec so that it gets the signal once this process is gone.

    Where the system knows no such signal (everywhere but on Linux) it does nothing.
    """
    parent = os.getpid()

    def ask() -> None:
        die_with_parent(signal_number, parent)

    return ask


def die_with_parent(signal_number: int, parent: int | None = None) -> None:
    """Ask that this process gets the signal once its parent is gone; end at once where it is gone already."""
    if _LIBC is None:
        return
    before = os.getppid() if parent is None else parent
    _LIBC.prctl(_SET_DEATH_SIGNAL, signal_number, 0, 0, 0)
    if os.getppid() != before:
        os._exit(1)
