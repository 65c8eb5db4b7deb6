"""What Fairway does, one file per use case; each declares the small ports that it needs."""
