"""What operators that look for the same twice have in common: who stays, what is compared, how rows are named."""
