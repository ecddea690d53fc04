"""Words on a screen. Modules here import the rest only inside commands, so that `--help` answers at once."""
