"""Scorers measure; the policy judges."""
