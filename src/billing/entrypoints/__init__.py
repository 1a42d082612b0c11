"""Where the outside comes in: HTTP, command line, worker; and the container that wires them."""
