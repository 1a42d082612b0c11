"""Takes payments for domains and hosting, and delivers each exactly once in effect."""
