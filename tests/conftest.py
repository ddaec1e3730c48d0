"""What the tests covered is printed at the end: ``record_property("covered", sentence)``."""

import os

from hypothesis import settings

# In CI the same examples every time: what a change broke must show, and nothing else. At a desk
# every run looks somewhere new.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


def pytest_terminal_summary(terminalreporter):
    """Print each sentence once, also where the tests ran in several processes."""
    reports = [
        each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, [])
    ]
    sentences = {
        value: None
        for report in reports
        for name, value in getattr(report, "user_properties", [])
        if name == "covered"
    }
    if sentences:
        terminalreporter.section("covered")
        for sentence in sentences:
            terminalreporter.write_line(sentence)
