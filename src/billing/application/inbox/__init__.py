"""What providers tell: stored and answered at the door, understood later."""
