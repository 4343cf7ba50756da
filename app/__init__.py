"""The composition root: settings, wiring, processes and the command line; the only package that imports all others."""
