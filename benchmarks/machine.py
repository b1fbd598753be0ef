"""The machine that figures come from, and the memory that a process takes."""

from __future__ import annotations

import os
import platform
import resource
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

GIB: Final = 2**30
_PARTS: Final = ("duckdb", "chdb", "numba", "numpy", "pyarrow")


def _version(part: str) -> str:
    try:
        return version(part)
    except PackageNotFoundError:
        return "missing"


def statement() -> str:
    """Return the machine in a line: processor, cores, memory, load and versions."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    versions = ", ".join(f"{part} {_version(part)}" for part in _PARTS)
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, {versions}"
    )


def forget_peak() -> None:
    """Let the peak of resident memory count from here, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak() -> float:
    """Return the most resident memory of this process since `forget_peak` (or its start), in GiB."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


class Clocks:
    """Seconds by the clock and of the processor since it was made."""

    def __init__(self) -> None:
        self._clock, self._processor = time.perf_counter(), time.process_time()

    def told(self) -> str:
        """Return both in words."""
        return f"{self.processor():.2f} s of processor, {time.perf_counter() - self._clock:.2f} s by the clock"

    def processor(self) -> float:
        """Return the processor's seconds."""
        return time.process_time() - self._processor
