"""Language models: text as they see it, discounts, perplexity."""
