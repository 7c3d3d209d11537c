"""The page of a run shows its faults and violations, and loads nothing."""

from pathlib import Path

from tests.chaos.history import Violation
from tests.chaos.report import write_report


def test_a_report_shows_faults_and_violations_and_needs_nothing_else(
    tmp_path: Path,
) -> None:
    fault = {"e": "fault", "id": 1, "name": "freeze", "target": "redis"}
    events = [
        {"t": 1.0, **fault, "phase": "on"},
        {"t": 2.0, "e": "send"},
        {"t": 3.0, **fault, "phase": "off"},
        {"t": 4.0, "e": "kill", "name": "web-1"},
    ]
    found = [Violation("C1", 2.5, "key <1> was acked and is lost")]
    path = tmp_path / "report.html"
    write_report(path, "seed 7", {"kills": 1}, events, found)
    page = path.read_text()
    assert "<title>freeze</title>" in page
    assert "key &lt;1&gt; was acked and is lost" in page
    assert page.count("<circle") == 2
    assert "#d00" in page
    assert "http" not in page
    assert "<script" not in page
