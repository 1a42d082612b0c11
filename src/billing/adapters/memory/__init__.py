"""The in-memory twin of every port: for unit tests, simulation, and whoever builds on the core."""
