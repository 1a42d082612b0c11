"""The outside world for people without accounts: providers that speak their real protocols on loopback."""
