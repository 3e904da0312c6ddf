"""Who translated a segment: engines, or people whose word outranks theirs and every score."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc


def by_people(translations: pa.Table, engines: Collection[str] | None) -> pa.BooleanArray:
    """Which translations people asserted, in the memory or in a glossary.

    Args:
        translations: the columns ``text`` and ``engine`` of schema ``TRANSLATIONS``.
        engines: signatures of the engines; whatever else translated a segment are people. None: nobody wrote
            anything.

    Example::

        by_people(translations, ["mini|en-ja|version:1"])   # true where the engine is ``human`` or ``import``
    """
    if engines is None:
        return pa.repeat(False, translations.num_rows)
    known = pc.is_in(translations["engine"], pa.array(list(engines), pa.string()))
    found = pc.and_(pc.is_valid(translations["text"]), pc.invert(known))
    return pa.concat_arrays(found.chunks) if found.num_chunks else pa.array([], pa.bool_())
