"""Use cases, each within one transaction that the caller opened and ends: check, change, tell."""
