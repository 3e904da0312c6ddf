"""One file per translation engine."""
