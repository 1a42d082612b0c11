"""Providers that do not answer are left in peace, and a person is told."""
