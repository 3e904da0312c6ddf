"""Releases: rows into Parquet, card and manifest; then proof that the folder says what the manifest says."""
