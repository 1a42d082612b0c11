"""Customers' accounts and saved methods at their providers."""
