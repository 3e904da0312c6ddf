"""The contents of small releases, which sheets are drawn from too."""

from tests.release.conftest import hi, ja

__all__ = ["hi", "ja"]
