"""The command `assay`: reads the words typed and calls a verb."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from typing import Final

from cyclopts import App, CycloptsError
from rich.text import Text

from assay.cli import screen
from assay.cli.backtest import backtest
from assay.cli.backup import backup
from assay.cli.check import check
from assay.cli.diff import diff
from assay.cli.erase import erase
from assay.cli.escrow import escrow
from assay.cli.explain import explain
from assay.cli.fmt import fmt
from assay.cli.funnel import funnel
from assay.cli.init import init
from assay.cli.lookalikes import lookalikes
from assay.cli.new_rule import new
from assay.cli.partners import partners
from assay.cli.publish import publish
from assay.cli.restore import restore
from assay.cli.rules import rules
from assay.cli.run import run
from assay.cli.schema import schema
from assay.cli.serve import serve
from assay.cli.share import share
from assay.cli.signals import signals
from assay.cli.sweep import sweep
from assay.cli.users import users
from assay.core.errors import BadRequest, ShownError

_INTERRUPTED: Final = 130


def _version() -> str:
    try:
        return version("assay")
    except PackageNotFoundError:
        return "not installed"


app = App(
    name="assay",
    help="Decide which people and companies are worth a salesperson's time now, and say exactly why.",
    version=_version,
    suppress_keyboard_interrupt=False,
    help_format="plaintext",
    help_epilogue="To begin:  assay init DATA;  assay new pql-trial;  assay check definitions",
)
_VERBS: Final[tuple[Callable[..., int], ...]] = (
    *(init, new, check, fmt, schema, publish, run, explain),
    *(backtest, diff, sweep, funnel, signals, lookalikes),
    *(serve, backup, restore, erase, share),
)
# In the order in which they are needed, not by letter.
for order, verb in enumerate(_VERBS):
    app.command(verb, sort_key=order)
app.command(rules)
app.command(users)
app.command(escrow)
app.command(partners)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 complaints or an error, 2 a command that cannot be read."""
    asked = list(sys.argv[1:] if words is None else words)
    try:
        _refuse_passwords(asked)
        code = app(
            asked,
            exit_on_error=False,
            print_error=True,
            result_action="return_value",
            console=screen.out(),
            error_console=screen.err(),
        )
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except CycloptsError:
        return 2
    except ShownError as error:
        screen.print_error(error, as_json=_wants_json(asked))
        return 1
    except KeyboardInterrupt:
        screen.err().print(Text("Stopped. Nothing was half written.", style="bold"))
        return _INTERRUPTED
    except BrokenPipeError:
        # Who read our output has had enough (`| head`); what is still buffered must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _unexpected(error)


def _refuse_passwords(words: Sequence[str]) -> None:
    """Raise BadRequest where a word holds a password, before anything could repeat it."""
    if any(re.search(r"://.*:.*@", word) for word in words):
        raise BadRequest(
            "A password does not belong on a command line, where everybody on this machine can read it",
            where="--connection",
            mend="Set ASSAY_CONNECTION_<NAME> in the environment to the whole URL.",
        )


def _wants_json(words: Sequence[str]) -> bool:
    return "--format=json" in words or ("--format", "json") in pairwise(words)


def _unexpected(error: Exception) -> int:
    """Say that Assay is at fault; the error's own text may hold data, so only its kind is shown."""
    if os.environ.get("ASSAY_DEBUG") == "1":
        raise error
    console = screen.err()
    line = Text("error: ", style="bold red")
    line.append(f"Assay failed in a way it should not ({type(error).__name__}).", style="not bold")
    console.print(line, soft_wrap=True)
    console.print(
        Text(
            "  Run it again with ASSAY_DEBUG=1 for the traceback, look that it shows no data of yours, and "
            "report it with the version (assay --version).",
            style="dim",
        )
    )
    return 1


def cli() -> None:
    """Run the command that was typed and leave with its exit code."""
    sys.exit(main())
