"""Transcript tests: the grammar, the comparison and the runner. See tests/resp/README.md."""
