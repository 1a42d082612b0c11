"""The shapes of requests and answers: read into domain values, written straight from domain objects."""
