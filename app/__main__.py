"""`python -m app`: what `./zvonar` becomes once everything is set up."""

from app.cli import main

main()
