"""Reports of whole runs."""

from __future__ import annotations


def test_reports_have_pictures(binary, regression, multiclass, tmp_path):
    for tuner in (binary, regression, multiclass):
        page = tuner.report(tmp_path / "report.html").read_text(encoding="utf-8")
        assert page.count("data:image/svg+xml;base64,") >= 8
