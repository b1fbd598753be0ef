def format_text(text: str) -> str:
    """Return the canonical text."""
    raise NotImplementedError
