"""What other thresholds would keep, from the scores a run has kept."""
