"""Two releases compared: which rows were added, removed or changed, and why."""
