"""What marks a text as toxic: listed words, in whatever script and disguise."""
