"""Sheets for people to judge, their judgements brought back, and policies calibrated by them."""
