"""Personal data in texts: what recognises it, what weighs it, what takes its place."""
