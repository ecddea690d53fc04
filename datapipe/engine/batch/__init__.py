"""One run as many members: scripts for schedulers, and processes of this machine."""
