"""What people are told, once for each occasion."""
