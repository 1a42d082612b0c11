"""What comes to its end: renewed by orders of ours, told of in time, or lost."""
