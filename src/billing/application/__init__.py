"""Use cases: what billing does, told with the domain and the ports alone."""
