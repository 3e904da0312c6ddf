"""How right a VQA model's answers are: the official accuracy, exact match, ANLS and token F1, per language.

Every metric takes predictions and references in any form that ``predictions.py`` and ``references.py`` read,
and give a ``Result`` with confidence intervals and a signature. ``result.py`` compares two results.
"""
