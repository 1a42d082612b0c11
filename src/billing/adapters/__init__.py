"""Outside things, one each, behind the ports of the core."""
