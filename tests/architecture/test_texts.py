"""What is written about the code stays true of it, and of no one machine."""

from __future__ import annotations

import re
import tomllib
from collections import Counter

import pytest

DOCUMENTS = [
    "README.md",
    "ARCHITECTURE.md",
    "GLOSSARY.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/language.md",
    "docs/operate.md",
]
LOCKS = ["requirements.lock", "requirements-test.lock", "requirements-bench.lock", "requirements-build.lock"]
SOME_MACHINE = re.compile(r"(?<![\w.])/(work|root|home/\w+|Users/\w+|opt/wheels)/")
SOME_REGISTRY = re.compile(r"py(pi)\.org|pythonhosted\.(org)|registry\.npm(js)|--(extra-)?index-url \S")


def _texts(files, root):
    for path in files:
        try:
            yield path.relative_to(root).as_posix(), path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a binary file names no host that anyone reads


def _pins(text):
    """Return {name with its marker: version} of a lock file."""
    found = re.findall(r"^([a-z0-9._-]+)==([^\s;]+)(?: ; ([^\\\n]+?))? \\$", text, re.M)
    return {(name, marker): version for name, version, marker in found}


def _verbs(root):
    first_lines = [path.read_text("utf-8").split("\n")[0] for path in (root / "src/assay/cli").glob("*.py")]
    return sorted(found[1] for line in first_lines if (found := re.match(r'"""`assay (\w+)`', line)))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_document_exists(document, root):
    assert (root / document).read_text("utf-8").startswith("# ")


def test_every_verb_is_told_in_the_readme(root):
    readme = (root / "README.md").read_text("utf-8")
    verbs = _verbs(root)
    assert len(verbs) > 5
    assert [verb for verb in verbs if f"assay {verb}" not in readme] == []


def test_every_verb_told_of_exists(root):
    for path in [root / document for document in DOCUMENTS]:
        told = set(re.findall(r"`(?:\$ )?assay ([a-z]+)\b", path.read_text("utf-8")))
        assert told - set(_verbs(root)) == set(), path.name


def test_no_file_names_a_machine(files, root):
    assert [path for path, text in _texts(files, root) if SOME_MACHINE.search(text)] == []


def test_no_file_names_a_package_registry(files, root):
    assert [path for path, text in _texts(files, root) if SOME_REGISTRY.search(text)] == []


def test_links_between_documents_lead_somewhere(root):
    broken = []
    for path in [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("examples/**/*.md")]:
        targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text("utf-8"))
        broken += [f"{path.relative_to(root)}: {t}" for t in targets if not (path.parent / t).exists()]
    assert broken == []


def test_the_changelog_has_room_for_what_comes_next(root):
    assert "\n## [Unreleased]\n" in (root / "CHANGELOG.md").read_text("utf-8")


def test_the_glossary_has_each_word_once(root):
    words = re.findall(r"^\*\*(.+?)\*\*", (root / "GLOSSARY.md").read_text("utf-8"), re.M)
    assert len(words) > 20
    assert [word for word, times in Counter(w.lower() for w in words).items() if times > 1] == []


def test_decisions_are_numbered_without_gaps(root):
    numbers = sorted(int(p.name[:4]) for p in (root / "docs/adr").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_dev_lists_every_verb_it_knows(root):
    script = (root / "dev").read_text("utf-8")
    listed = set(re.findall(r"^#: (\S+)", script, re.M))
    known = {verb.replace("_", "-") for verb in re.findall(r"^verb_(\w+)\(\)", script, re.M)}
    assert listed == known


def test_every_requirement_is_locked_with_hashes(root):
    for lock in LOCKS:
        text = (root / lock).read_text("utf-8")
        entries = re.split(r"\n(?=[a-z0-9])", text)
        assert [e.split("\n")[0] for e in entries if "==" in e and "--hash=sha256:" not in e] == []


def test_the_locks_agree_on_every_version(root):
    versions = {}
    for lock in LOCKS:
        for key, version in _pins((root / lock).read_text("utf-8")).items():
            versions.setdefault(key, set()).add(version)
    assert len(versions) > 30
    assert {key: found for key, found in versions.items() if len(found) > 1} == {}


def test_the_locks_hold_everything_pyproject_asks_for(root):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    wanted = {
        "requirements.lock": project["project"]["dependencies"],
        **{f"requirements-{group}.lock": asked for group, asked in project["dependency-groups"].items()},
    }
    for lock, asked in wanted.items():
        locked = {name for name, _ in _pins((root / lock).read_text("utf-8"))}
        names = {re.match(r"[\w.-]+", line)[0].lower().replace(".", "-").replace("_", "-") for line in asked}
        assert names - locked == set(), lock
