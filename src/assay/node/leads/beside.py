"""What stands beside a lead or an account that leads themselves do not know of: from a function that is plugged in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.utils.safestring import SafeString

#: Asked with the request, the account, and the number of the lead whose page it is (None: the account's own page).
Show = Callable[[HttpRequest, str, int | None], SafeString]


def _show_nothing(request: HttpRequest, account_id: str, lead_id: int | None) -> SafeString:
    return SafeString()


@dataclass
class _Plugged:
    show: Show = _show_nothing


_PLUGGED: Final = _Plugged()


def plug(show: Show | None = None) -> None:
    """Let this function say what stands beside from now on; None goes back to nothing."""
    _PLUGGED.show = show or _show_nothing


def shown(request: HttpRequest, account_id: str, lead_id: int | None = None) -> SafeString:
    """Return sections of a page about an account; nothing where the account is not known."""
    return _PLUGGED.show(request, account_id, lead_id) if account_id else SafeString()
