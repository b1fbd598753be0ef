"""What all reports share: templates, filters, and pictures at two widths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from assay import pictures
from assay.core.sentences import exact, plain

#: Each picture is drawn for a desk and for a phone: scaled text would be too small to read there.
_WIDTHS: Final = {"wide": 920, "narrow": 330}


def page(template: str, **values: object) -> str:
    """Return a template filled in, as HTML text."""
    environment = Environment(
        loader=PackageLoader("assay.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(exact=exact, plain=plain, commas=lambda n: f"{n:,}")
    return environment.get_template(template).render(style=Markup(pictures.style()), **values)


def drawn(draw: Callable[[int], str]) -> Markup:
    """Return a picture at both widths; the style sheet shows the one that fits."""
    # The pictures escape what they show; nothing else on the page is marked safe.
    return Markup("".join(f'<div class="picture {name}">{draw(width)}</div>' for name, width in _WIDTHS.items()))
