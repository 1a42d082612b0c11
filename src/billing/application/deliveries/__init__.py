"""What was paid for is delivered, or given up."""
