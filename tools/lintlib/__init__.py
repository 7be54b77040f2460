"""The rules behind tools/lint."""
