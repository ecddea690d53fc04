"""The vocabulary: operators, verdicts, columns, errors. Touches no disk and knows no executor."""
