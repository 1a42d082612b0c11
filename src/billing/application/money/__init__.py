"""Payments, and all that follows from them: one road, whichever provider proved it."""
