"""The one way out over HTTP: no address of a private network is reached unless the administrator named it.

What is sent tells of people, so it travels over TLS. Without TLS it goes to named addresses alone: networks that the
administrator trusts, where certificates are rare. Naming one opens plain HTTP to no other address.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import requests
from AntiSSRF import AntiSSRFError, AntiSSRFPolicy, PolicyConfigOptions

TIMEOUT: Final = (5, 10)


class Unreachable(Exception):
    """It did not get there; the text says why, without the address."""


def post(url: str, body: bytes, headers: dict[str, str], *, allowed: Sequence[str] = ()) -> int:
    """Send to an address and return the status of the answer; raise Unreachable where there was none.

    `allowed` are addresses or networks (10.1.2.3, 10.1.0.0/16) that may be reached although they are private, and
    without TLS. Redirects are not followed.
    """
    try:
        with _policy(url, allowed).get_antissrf_session() as session:
            session.trust_env = False  # a proxy of the environment would be asked to go anywhere
            answer = session.post(url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True)
            answer.close()
            return int(answer.status_code)
    except AntiSSRFError as error:
        raise Unreachable("the address is not one that may be reached") from error
    except requests.Timeout as error:
        raise Unreachable("no answer in time") from error
    except (requests.RequestException, ValueError) as error:
        raise Unreachable("no connection") from error


def _policy(url: str, allowed: Sequence[str]) -> AntiSSRFPolicy:
    """Return what may be reached under such an address: over TLS the outside and what is named, else the latter."""
    is_plain = urlsplit(url).scheme.lower() == "http"
    policy = AntiSSRFPolicy(PolicyConfigOptions.INTERNAL_ONLY if is_plain else PolicyConfigOptions.EXTERNAL_ONLY_LATEST)
    policy.add_xff_header = False
    policy.allow_plain_text_http = is_plain
    if allowed:
        policy.add_allowed_addresses(list(allowed))
    return policy
