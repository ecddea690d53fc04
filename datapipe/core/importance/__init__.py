"""How likely documents are in a target, over how likely in the corpus (DSIR), and the drawing by such weights."""
