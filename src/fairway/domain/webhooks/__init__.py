"""What others post to Fairway: whether it is really from them, and what it means."""
