"""Values that belong to nobody: how they are made, and how they are known again."""
