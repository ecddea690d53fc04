"""How people are reached: addresses, numbers and names on networks."""
