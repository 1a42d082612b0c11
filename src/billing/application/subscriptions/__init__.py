"""Hosting that goes on: who bills it, how it changes, what is owed for it."""
