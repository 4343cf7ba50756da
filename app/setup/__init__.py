"""Set-up on a bare machine: standard library only, for it runs before any dependency is there."""
