"""What docs/operate.md says of settings and numbers is what there is."""

from __future__ import annotations

import re
from pathlib import Path

from assay.node.environment import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "operate.md").read_text("utf-8")


def test_every_setting_is_told_and_none_that_is_not_there():
    told = set(re.findall(r"\bASSAY_\w+", TEXT))
    assert told == {*VARIABLES}


def test_every_number_for_prometheus_is_told():
    from prometheus_client import REGISTRY

    import assay.node.health.metrics
    import assay.node.intake.views  # noqa: F401

    ours = {family.name for family in REGISTRY.collect() if family.name.startswith("assay_")}
    assert {name for name in ours if not re.search(rf"`{name}(_total)?`", TEXT)} == set()


def test_the_container_file_installs_locked_versions_alone():
    lines = (ROOT / "Containerfile").read_text("utf-8").splitlines()
    installs = [line for line in lines if "pip install" in line]
    assert installs
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)


def test_disk_forecasts_follow_from_the_measured_sizes():
    lake, index, seen = (int(re.search(pattern, TEXT).group(1)) for pattern in (
        r"(\d+) compacted", r"`index-4.sqlite` \| (\d+)", r"message ids, in Postgres \| (\d+)"
    ))  # fmt: skip
    assert f"(E × M × ({lake} + {index}) + E × 3 × {seen}".lstrip("(") in TEXT
    for events, after in ((100_000, "1.5 GB"), (10**6, "15 GB"), (10**7, "151 GB")):
        size = (events * 36 * (lake + index) + events * 3 * seen) / 1e9
        assert f"{size:.1f} GB" == after or f"{size:.0f} GB" == after
        assert f"| {after} |" in TEXT
