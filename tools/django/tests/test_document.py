"""The table of django-rest-live's tests names tests that there are, and as many as there were."""

import re

import pytest

from tests.conftest import ROOT

DOCUMENT = ROOT / "docs/django-rest-live.md"


@pytest.mark.parametrize("heading, count", [("8 tests of 0.2.2", 8), ("37 tests of 0.7.0", 37)])
def test_each_test_of_the_original_has_one_or_a_reason(heading, count):
    section = DOCUMENT.read_text().split(f"## The {heading}\n")[1].split("\n## ")[0]
    file = re.search(r"In `(tools/\S+)`", section)[1]
    there = set(re.findall(r"^def (test_\w+)", (ROOT / file).read_text(), re.MULTILINE))
    rows = [line.split("|")[1:4] for line in section.splitlines() if line.startswith("| ")][2:]
    assert len(rows) == count
    for original, here, reason in rows:
        assert re.search(r"`test_\w+`", original)
        name = here.strip().strip("`")
        assert name in there or (name == "none" and len(reason.strip()) > 20), original
