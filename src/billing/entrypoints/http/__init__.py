"""The HTTP side: JSON under /v1, the providers' webhooks, health, documentation."""
