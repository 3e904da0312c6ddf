"""The report of a release: what was kept and why, in one page that needs no network."""
