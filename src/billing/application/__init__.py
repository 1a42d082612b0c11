"""Use cases: what billing does, told with the domain and the ports alone.

In this room stand the ports, the ledger's own among them. Of the rooms behind it `inbox` hears what providers tell,
`money` takes it in, `deliveries` hands over what was paid for; `work` runs the jobs in between, `guarding` keeps them
from providers that do not answer, and `books` finds what was missed.
"""
