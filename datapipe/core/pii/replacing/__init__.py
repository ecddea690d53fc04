"""What becomes of what was found: actions, keys, and changes until nothing is left to change."""
