"""Published versions: what a rule meant when it was made public, complete with all that it refers to."""

from __future__ import annotations

from pathlib import Path

from assay.core.definitions.fingerprint import Fingerprints
from assay.core.definitions.folder import FolderDraft
from assay.core.definitions.model import Definitions


def check_published(draft: FolderDraft, fingerprints: Fingerprints) -> None:
    """Complain of each rule whose meaning changed under an unchanged version."""


def publish(folder: Path, rule: str) -> Path:
    """Write the published file of a rule and return its path."""
    raise NotImplementedError


def load_published(folder: Path, rule: str, version: int) -> Definitions:
    """Return the definitions of one published version."""
    raise NotImplementedError
