"""A deterministic simulator: the real domain and application on twins, with every fault that a seed can think of."""
