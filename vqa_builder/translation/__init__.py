"""Unique strings in, translations out: the run, the translation memory, the engines."""
