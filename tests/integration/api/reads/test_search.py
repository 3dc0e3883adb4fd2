"""Products are found by the beginning of their latest names, in order, page by page."""

# ruff: noqa: RUF001

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.auth.access import LIVE_READ, RATINGS_READ, SALES_READ
from api.reads.names import search as search_reader
from shared.documents import NAMES_INDEX
from tests.support.api.running import Api
from tests.support.documents.naming import NamedProducts, Naming, numbered

HOSTILE = (
    ".*", "^a|b$", "(", "[", "\\", "\\Qx", "$where", "$gt", "{$ne: 1}", "'", '"', "';--", "a\"b'c", "<script>", "../..",
    "%", "%41", "a+b", "a&name=b", "#", "?", "null", "0", " ", "  two  spaces", "=1+1", "@x", "-1",
    "İstanbul", "ISPARTA", "ıspanak", "Straße", "STRASSE", "ΣΊΣΥΦΟΣ", "ﬁle", "①", "Café", "Cafe\u0301", "한국어", "ㅎ",
    "عربى", "עברית", "你好", "👩", "🇩🇪", "\U0010ffff", "\U0010ffff\U0010ffffx", "\ud7ff", "\ue000",
    "a" + "\u0301\u0323" * 100, "\u0301", "x" * 256, "ß" * 128, "한" * 256,
)  # fmt: skip
INVISIBLE = ("\u202edrawkcab\u202c", "zero\u200bwidth", "👩\u200d💻", "\u200b", "❤\ufe0f", "co\u00adop")


@pytest.fixture
def named(api: Api) -> NamedProducts:
    return NamedProducts(api.database)


def search(api: Api, query: str = "", token: str | None = None) -> dict[str, Any]:
    answer = api.get(f"/api/product{query and '?'}{query}", token)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def all_pages(api: Api, text: str | None = None, limit: int = 100, token: str | None = None) -> list[tuple[Any, ...]]:
    """Id, name and category of all that is found, a page after the other."""
    asked = f"limit={limit}" + ("" if text is None else f"&name={quote(text, safe='')}")
    found: list[tuple[Any, ...]] = []
    page = search(api, asked, token)
    while True:
        assert len(page["products"]) <= limit
        found += [tuple(product.values()) for product in page["products"]]
        if page["next"] is None:
            return found
        page = search(api, f"{asked}&after={page['next']}", token)


def test_an_answer(api: Api, named: NamedProducts) -> None:
    named.store(Naming(3, "Chair", is_rating=True), Naming(17, "chairs"), Naming(5, "Table"))
    assert api.get("/api/product?name=CH").text == (
        '{"products": [{"id": 3, "name": "Chair", "category": "c"}, '
        '{"id": 17, "name": "chairs", "category": null}], "next": null}'
    )
    assert api.get("/api/product?limit=1").text == (
        '{"products": [{"id": 3, "name": "Chair", "category": "c"}], "next": 3}'
    )
    assert api.get("/api/product?limit=2&after=3").text == (
        '{"products": [{"id": 17, "name": "chairs", "category": null}, '
        '{"id": 5, "name": "Table", "category": null}], "next": null}'
    )
    assert search(api, "name=zebra") == {"products": [], "next": None}
    assert search(api, f"name={'a' * 200}") == {"products": [], "next": None}


def test_a_database_without_products_has_none(api: Api) -> None:
    assert search(api) == {"products": [], "next": None}
    NamedProducts(api.database)
    assert search(api) == {"products": [], "next": None}


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_have_all_products_once_in_order(api: Api, named: NamedProducts, limit: int) -> None:
    names = [f"{word} {number}" for number in range(9) for word in ("Chair", "CHAIR", "lamp")]
    named.store(*numbered([*names, *(["same"] * 20), "SAME", "Same"]))
    for text in (None, "c", "chair 1", "same", "LAMP"):
        assert all_pages(api, text, limit) == named.found(text or "")


@pytest.mark.parametrize("partitions", [1, 12])
def test_each_product_comes_once_however_many_partitions_it_is_in(
    api: Api, named: NamedProducts, partitions: int
) -> None:
    for partition in range(partitions):
        named.store(*(Naming(product, f"p{product % 10}", 0, partition) for product in range(60)))
    for limit in (1, 20, 100):
        assert all_pages(api, "P", limit) == named.found("p")


def test_hostile_names_are_found_by_themselves_and_by_what_begins_them(api: Api, named: NamedProducts) -> None:
    named.store(*numbered(HOSTILE))
    for name in HOSTILE:
        for text in (name[:200], name[:1], name.upper()[:200], name.swapcase()[:200]):
            assert all_pages(api, text) == named.found(text), text
    assert all_pages(api) == named.found("")


def test_what_is_never_shown_makes_no_difference(api: Api, named: NamedProducts) -> None:
    named.store(*numbered(INVISIBLE))
    for product, name in enumerate(INVISIBLE, 1):
        visible = "".join(character for character in name if character.isprintable() and character != "\ufe0f")
        for text in filter(None, (name, visible, visible[:1])):
            found = {product: name for product, name, _ in all_pages(api, text)}
            assert found[product] == name, (name, text)
    # A name of which nothing is shown begins with nothing but nothing; such a text is what all names begin with.
    assert len(all_pages(api, "\u200b")) == len(all_pages(api)) == len(INVISIBLE)
    assert all_pages(api)[0] == (4, "\u200b", None)


def test_a_name_with_control_characters_is_found(api: Api, named: NamedProducts) -> None:
    named.store(*numbered(["a\0b", "a\tc", "a\nd"]))
    assert [name for _, name, _ in all_pages(api, "A")] == ["a\0b", "a\tc", "a\nd"]
    assert api.get("/api/product?name=a%00b").status_code == 400


def test_a_product_is_found_by_its_latest_name_alone(api: Api, named: NamedProducts) -> None:
    named.store(Naming(1, "Old chair"), Naming(2, "Old table"))
    named.store(Naming(1, "New chair", second=10))
    assert search(api, "name=old")["products"] == [{"id": 2, "name": "Old table", "category": None}]
    # In another partition, which still has the old name; then an event that is older than all, and one that is newest.
    named.store(Naming(2, "New table", 10, partition=1))
    assert search(api, "name=old")["products"] == []
    named.store(Naming(2, "Older table", -10, partition=2))
    assert all_pages(api, "old") == []
    assert [one["id"] for one in search(api, "name=new")["products"]] == [1, 2]
    named.store(Naming(2, "Old table", 20, partition=0))
    assert all_pages(api, "old") == [(2, "Old table", None)]
    assert all_pages(api, "new") == [(1, "New chair", None)]


def test_where_partitions_disagree_the_newest_event_decides_though_no_document_has_its_time(
    api: Api, named: NamedProducts
) -> None:
    """The last sale in partition 0 is the newest event, and does not write `latest`, since its name was known there."""
    named.store(Naming(1, "first", 0, 0))
    named.store(Naming(1, "second", 10, 1))
    named.store(Naming(1, "first", 20, 0))
    assert {one["_id"]["k"]: one["latest"]["name"] for one in api.database.products.find()} == {0: "first", 1: "second"}
    assert all_pages(api) == [(1, "first", None)]
    assert all_pages(api, "second") == []


def test_many_that_had_such_a_name_before_make_short_pages(
    api: Api, named: NamedProducts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_reader, "MOST_LOOKED_AT", 10)
    named.store(*(Naming(product, f"old {product:02}") for product in range(60)))
    named.store(*(Naming(product, f"other {product:02}", 10, 1) for product in range(60) if product not in (45, 59)))
    assert all_pages(api, "old", 2) == named.found("old")
    assert len(named.found("old")) == 2
    assert search(api, "name=old&limit=2") == {"products": [], "next": 11}
    # Where the list has their new names too, it has no place to go on from, and so no short page.
    assert all_pages(api, None, 2) == named.found("")


def test_a_page_goes_on_behind_a_place_that_is_there(api: Api, named: NamedProducts) -> None:
    named.store(*numbered(["ab", "ac", "b"]))
    assert search(api, "name=a&after=1")["products"] == [{"id": 2, "name": "ac", "category": None}]
    named.store(Naming(1, "ad", 10))
    assert search(api, "name=a&after=1")["products"] == []
    for query in ("name=a&after=3", "after=4", "name=zz&after=1"):
        refused = api.get(f"/api/product?{query}")
        assert (refused.status_code, "begin again without it" in refused.text) == (400, True)


def test_a_limited_token_finds_its_products_alone(api: Api, named: NamedProducts) -> None:
    named.store(*numbered(["a1", "b2", "a3", "a4", "A5"]))
    token = api.token(products=[1, 2, 4, 5, 99])
    for limit in (1, 2, 100):
        assert all_pages(api, "a", limit, token) == named.found("a", {1, 4, 5})
        assert all_pages(api, None, limit, token) == named.found("", {1, 2, 4, 5})
    assert search(api, token=api.token(products=[99])) == {"products": [], "next": None}
    assert api.get("/api/product?after=3", token).status_code == 403
    assert api.get("/api/product?after=99", token).status_code == 400


def test_either_scope_is_enough_and_no_other(api: Api, named: NamedProducts) -> None:
    for scope, status in ((SALES_READ, 200), (RATINGS_READ, 200), (LIVE_READ, 403)):
        assert api.get("/api/product", api.token(scopes=[scope])).status_code == status


@pytest.mark.parametrize(
    "query", ["name=", "name=a&name=b", "nam=a", "limit=0", "limit=101", "limit=x", "after=-1", "after=x", "limit=",
              "name=%ff", "name=%", f"name={'a' * 201}", "after=9223372036854775808"],
)  # fmt: skip
def test_parameters_are_read_strictly(api: Api, query: str) -> None:
    assert api.get(f"/api/product?{query}").status_code == 400


def test_a_list_as_csv(api: Api, named: NamedProducts) -> None:
    named.store(*numbered(["=1+1", 'a "b", c', "x"]))
    answer = api.get("/api/product?format=csv")
    assert answer.text == 'id,name,category\r\n1,\'=1+1,\r\n2,"a ""b"", c",\r\n3,x,\r\n'
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_without_the_index_a_search_gives_no_answer(api: Api, named: NamedProducts) -> None:
    """Since it would take long, and because the index is there once all documents have keys."""
    named.store(Naming(1, "a"))
    api.database.products.drop_index(list(NAMES_INDEX.items()))
    assert api.get("/api/product").status_code == 503


NAMES = st.sampled_from(["a", "A", "ab", "AB", "é", "e", "e\u0301x", "ß", "ss", "sS1"])
NAMINGS = st.lists(
    st.builds(Naming, st.integers(1, 5), NAMES, st.integers(0, 6), st.integers(0, 2), st.booleans()),
    min_size=1,
    max_size=25,
)


@given(namings=NAMINGS, restart_at=st.integers(0, 25))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_in_whatever_order_the_search_is_the_models(
    api: Api, namings: list[Naming], restart_at: int
) -> None:
    """Late events, renamed products, products in several partitions, consumers that remember nothing."""
    for collection in api.database.list_collection_names():
        api.database[collection].delete_many({})
    named = NamedProducts(api.database)
    named.store(*namings[:restart_at])
    named.restart()
    named.store(*namings[restart_at:])
    for text in (None, "a", "É", "s"):
        assert all_pages(api, text) == named.found(text or "")
    assert all_pages(api, "e", 1) == named.found("e")
    assert all_pages(api, "a", 1, api.token(products=[1, 2])) == named.found("a", {1, 2})
