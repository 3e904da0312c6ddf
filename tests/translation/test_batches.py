"""Any iterable, cut into lists."""

import pytest

from vqa_builder.translation.batches import batches


@pytest.mark.parametrize(("items", "size"), [(0, 3), (1, 3), (3, 3), (7, 3), (2, 10)])
def test_nothing_is_lost_and_nothing_is_empty(items: int, size: int) -> None:
    cut = list(batches(iter(range(items)), size))
    assert [item for batch in cut for item in batch] == list(range(items))
    assert all(0 < len(batch) <= size for batch in cut)
