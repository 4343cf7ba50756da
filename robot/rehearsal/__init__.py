"""Rehearsal (SPEC R6.9): simulated callers run a scenario by text before anybody is called, and a report says how."""

from robot.rehearsal.rehearsing import rehearse
from robot.rehearsal.report import Report

__all__ = ["Report", "rehearse"]
