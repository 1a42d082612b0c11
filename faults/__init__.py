"""Real faults on real processes: what is killed, cut, filled and delayed, and what becomes of the orders meanwhile."""
