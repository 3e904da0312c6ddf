"""Releases on the hub: planned, pushed in one gated commit, and read back."""
