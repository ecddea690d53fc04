"""The airlock between Arrow and numpy: zero-copy views out, validated columns back."""
