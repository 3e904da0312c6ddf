"""The commands, one plain function each: parse, call, print. ``vqa_builder.cli`` gives them their names.

At the top a module imports typer, the errors and the standard library; the rest is imported inside the
command that needs it, so that ``--help`` answers at once.
"""
