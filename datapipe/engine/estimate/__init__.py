"""What a run will give, take and need, from a sample of its input."""
