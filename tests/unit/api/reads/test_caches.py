"""What the API needs of the library's bounded cache, which a new version of it could change."""

from cachetools import LRUCache


def test_a_full_cache_forgets_what_was_used_longest_ago() -> None:
    cache: LRUCache[int, str] = LRUCache(2)
    cache[1] = "one"
    cache[2] = "two"
    assert cache.get(1) == "one"
    cache[3] = "three"
    assert [cache.get(key) for key in (1, 2, 3)] == ["one", None, "three"]
    assert len(cache) == 2
