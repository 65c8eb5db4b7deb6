"""What a branch changes: two versions of the repository, rendered and compared."""
