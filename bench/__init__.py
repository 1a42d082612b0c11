"""Benchmarks: every number that the documents name comes from a command here. `python -m bench --help` lists them."""
