"""Text classifiers: what a model's file holds, and the chances it gives."""
