"""From YAML to stages: everything that can be wrong is found here, before any work."""
