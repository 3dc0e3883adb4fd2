"""How `make audit-dependencies` reads pip-audit's report."""

from tests.support.programs.vulnerabilities import judge

FLAW = {"id": "PYSEC-2024-1", "fix_versions": ["2.0.1"], "aliases": ["CVE-2024-1"], "description": "…"}
SOUND = {"name": "rich", "version": "15.0.0", "vulns": []}
SKIPPED = {"name": "motor", "skip_reason": "Dependency not found on PyPI and could not be audited: motor (3.7.1)"}


def test_a_known_vulnerability_is_told_with_its_remedy() -> None:
    report = {"dependencies": [SOUND, {"name": "jinja2", "version": "2.0.0", "vulns": [FLAW]}], "fixes": []}
    assert judge(report) == (2, ["jinja2 2.0.0: PYSEC-2024-1, mended in 2.0.1"])


def test_what_could_not_be_looked_up_is_not_taken_for_sound() -> None:
    assert judge({"dependencies": [SKIPPED]}) == (0, [])
    assert judge({}) == (0, [])
