"""The words that two or more packages share: standard library only, no I/O, no clock, no randomness."""
