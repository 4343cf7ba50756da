"""What the commands are for: one text for the command line and for the help that needs no set-up."""

from __future__ import annotations

SUMMARY = "Zvonar: voice robots and a dialer on stock FreeSWITCH, on your own machine."

COMMANDS = {
    "demo": "Show everything at work: a demo company dials three campaigns over a simulated telephone network.",
    "up": "Run the product: database, dialler, robots and the web interface in one process.",
    "api": "Run the web interface and the API alone, where pacer and calls run apart.",
    "pacer": "Run a pacer alone: it shares out the calls between all workers; a second one stands by.",
    "calls": "Run one worker alone: it places calls; start as many as are needed, on any hosts.",
    "test": "Run the tests; further words go to pytest.",
    "bench": "Run a benchmark by name; its last line is one JSON object.",
    "setup": "Set up everything now, without starting anything.",
    "migrate": "Bring the schema of the configured database up to date (needs ZVONAR_DATABASE_OWNER_URL).",
    "password": "Give a login a new password and show it once.",
    "why": "Say why a campaign, or a number in it, is not being called, and when that ends.",
    "models": "Look after the speech models: `models list`, `models fetch NAME`, `models verify`.",
    "amd": "Look after the detector of answering machines: `amd evaluate DIR`, `amd train DIR`.",
    "scenario": "Look after scenarios: `scenario check FILE`, `try`, `publish`, `diff`, `schema`.",
    "switch": "Look after the FreeSWITCH nodes: `switch check` says whether they can be used.",
    "version": "Print the version.",
}


def overview() -> str:
    """The help text without any library's help."""
    rows = "\n".join(f"  {name:<10} {words}" for name, words in COMMANDS.items())
    return f"Usage: ./zvonar COMMAND [OPTIONS]\n\n{SUMMARY}\n\nCommands:\n{rows}\n\n./zvonar COMMAND --help says more."
