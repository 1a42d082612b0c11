"""`python -m billing` is `billing`."""

from billing.entrypoints.cli import main

main()
