"""What a part of an output looks like: one format a file, behind one interface."""
