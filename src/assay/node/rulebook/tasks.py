"""What the worker does for the rulebook."""

from __future__ import annotations

from procrastinate.contrib.django import app

from assay.node.rulebook import looks


@app.task(name="rulebook.look", queue="looks")
def look(look_id: int) -> None:
    """Answer a question about the past, which may take as long as a replay of everything."""
    looks.answer(look_id)
