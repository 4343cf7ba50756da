"""Scenarios as YAML: read with all findings at once, written so that people can read them, described, compared."""

from __future__ import annotations

from robot.dialog.finding import Severity
from robot.dialog.source.compare import Change, Changed, diff
from robot.dialog.source.findings import Finding, Place
from robot.dialog.source.reading import Read, read
from robot.dialog.source.schema import schema
from robot.dialog.source.writing import write

__all__ = ["Change", "Changed", "Finding", "Place", "Read", "Severity", "diff", "read", "schema", "write"]
