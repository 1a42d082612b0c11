"""The ledger is compared with what providers know, and set right."""
