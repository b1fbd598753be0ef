"""What the documents show can be written, and what they quote from the example stands there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from assay.core import definitions

ROOT = Path(__file__).resolve().parents[2]
ACME = ROOT / "examples/acme/definitions"
QUOTED = ("qualification:", "score:", "examples_for:", "source:", "list:")
OF_ACCOUNTS = "people_qualified"


def _blocks(document):
    return re.findall(r"^```yaml\n(.*?)^```", (ROOT / document).read_text("utf-8"), re.M | re.S)


def _is_quoted(block):
    first = next(line for line in block.splitlines() if not line.startswith("#"))
    return first.startswith(QUOTED)


def _criteria():
    page = (ROOT / "docs/language.md").read_text("utf-8")
    section = page[page.index("\n## Criteria\n") : page.index("\n## Conditions, thresholds, durations\n")]
    return re.findall(r"^(\w+): (\{.*\})$", "\n".join(re.findall(r"```yaml\n(.*?)```", section, re.S)), re.M)


def _rule(subject, criteria):
    lines = [f"  {name}: {sentence}" for name, sentence in criteria]
    head = f"qualification: shown\nversion: 1\nstatus: draft\nstage: PQL\nmotion: shown\nsubject: {subject}\n"
    return head + "criteria:\n" + "\n".join(lines) + f"\nqualify:\n  any_of: [{', '.join(n for n, _ in criteria)}]\n"


@pytest.mark.parametrize("document", ["README.md", "docs/language.md"])
def test_definitions_in_documents_stand_in_the_example(document):
    texts = [path.read_text("utf-8") for path in ACME.rglob("*.yml")]
    quoted = [block for block in _blocks(document) if _is_quoted(block)]
    assert quoted
    assert [b.split("\n")[0] for b in quoted if not any(b.strip() in text for text in texts)] == []


def test_every_criterion_shown_can_be_written(tmp_path):
    criteria = _criteria()
    of_accounts = [c for c in criteria if c[1].startswith("{" + OF_ACCOUNTS)]
    of_people = [c for c in criteria if c not in of_accounts]
    assert len(of_people) > 15
    for subject, shown in (("person", of_people), ("account", of_accounts)):
        folder = tmp_path / subject
        shutil.copytree(ACME, folder, ignore=shutil.ignore_patterns("*.examples.yml", "published"))
        (folder / "qualifications/shown.yml").write_text(_rule(subject, shown))
        found = definitions.check(folder)
        assert [str(c) for c in found if "shown.yml" in c.place.file] == []


def test_every_form_is_shown():
    from assay.core.definitions.criteria import FORMS

    assert {re.match(r"\{(\w+)", sentence)[1] for _, sentence in _criteria()} == set(FORMS)


@pytest.mark.parametrize("words", ["STAGES", "STATUSES"])
def test_every_word_of_a_rule_is_explained(words):
    from assay.core.definitions import rules

    page = (ROOT / "docs/language.md").read_text("utf-8")
    assert [word for word in getattr(rules, words) if f"`{word}`" not in page] == []


def test_every_key_of_a_source_is_explained():
    from assay.core.definitions.sources import KINDS

    page = (ROOT / "docs/language.md").read_text("utf-8")
    section = page[page.index("\n## Sources\n") : page.index("\n## Lists\n")]
    keys = {key for kind, body in KINDS.items() for key in (kind, *body.keys)}
    assert {key for key in keys if not re.search(rf"(`|^\s*){key}[`:]", section, re.M)} == set()
