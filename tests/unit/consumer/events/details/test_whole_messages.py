"""What is said of JSON that is no event: envelopes and where the event is in them, and other spellings of names."""

import base64
import json
from typing import Any

import pytest

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from shared.events import Reason
from tests.unit.consumer.events.details.test_telling_details import FIELDS, SOLD, WITHOUT_NAME
from tests.unit.consumer.events.test_contract import LIMITS, NOW_MS


def rejection(message: object) -> Rejection:
    verdict = decode(json.dumps(message).encode(), NOW_MS, LIMITS)
    assert isinstance(verdict, Rejection), verdict
    return verdict


@pytest.mark.parametrize(
    ("message", "place", "envelope"),
    [
        ({"payload": FIELDS}, "payload", ""),
        ({"schema": {"type": "struct"}, "payload": FIELDS}, "payload", "a record of Kafka Connect's JsonConverter"),
        ({"before": None, "after": FIELDS, "op": "c"}, "after", "a record of change data capture"),
        ({"uuid": "1", "displayName": "x", "job": "y", "data": FIELDS}, "data", "a job of Laravel's queue"),
        ({"Type": "Notification", "MessageId": "1", "Message": SOLD}, "Message (as text)", "a notification of Amazon"),
        ({"Records": [{"body": SOLD}]}, "Records[0].body (as text)", "a batch of records"),
        ({"messageId": "1", "publishTime": "2", "data": base64.b64encode(SOLD.encode()).decode()}, "data (in base64)",
         "a message of Google's Pub/Sub"),
        ({"version": "0", "detail-type": "x", "source": "y", "detail": FIELDS}, "detail", "an event of Amazon Event"),
        ({"message": {"body": json.dumps({"payload": FIELDS})}}, "message.body.payload (as text)", ""),
        ({"a.b": [0, {"x": FIELDS}]}, "['a.b'][1].x", ""),
    ],
)  # fmt: skip
def test_the_event_is_found_in_its_envelope(message: dict[str, Any], place: str, envelope: str) -> None:
    reason, detail, _ = rejection(message)
    assert reason is Reason.MISSING_FIELD
    assert f"; the event seems to be in {place}: send that as the message itself" in detail
    assert ("; the message looks like " in detail) == bool(envelope)
    assert not envelope or f"; the message looks like {envelope}" in detail


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({}, "event_name (or event) is missing; the object is empty"),
        ({"event": None, "event_name": None}, "event_name and event are null; found: the keys 'event', 'event_name'"),
        ({"name": "Chair"}, "event_name (or event) is missing; found: the key 'name'"),
        ({"eventName": "x"}, "event_name (or event) is missing; 'eventName' is another spelling "
         "of it; found: the key 'eventName'"),
        ({"EVENT": "x"}, "event_name (or event) is missing; 'EVENT' is another spelling of it; "
         "found: the key 'EVENT'"),
        ({"type": "product_sold"}, "event_name (or event) is missing; 'type' holds "
         "'product_sold'; found: the key 'type'"),
    ],
)  # fmt: skip
def test_what_stands_where_the_events_name_should(message: dict[str, Any], said: str) -> None:
    assert rejection(message)[:2] == (Reason.MISSING_FIELD, said)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *((name, "productSold") for name in ("product_sold", "ProductSold", "PRODUCT-SOLD", "product.sold",
          "Product Sold", "App\\Events\\ProductSold", "App.Events.ProductSold", "com.shop.ProductSold.v1",
          "ProductSoldEvent", " productSold", "productsSold", "productSolds", "prodcutSold", "produtSold",
          "soldProduct", "productSale", "product.sold.event.v1", "checkout.productSold", "productSould")),
        *((name, "productRated") for name in ("product_rated", "ProductRated", "productRating", "ProductRatedV2")),
    ],
)  # fmt: skip
def test_another_spelling_of_an_events_name_is_recognised(name: str, meant: str) -> None:
    reason, detail, _ = rejection(FIELDS | {"event": name})
    assert reason is Reason.UNKNOWN_EVENT
    assert detail.endswith(f"; if {meant} is meant, it is written exactly so")


@pytest.mark.parametrize(
    "name",
    ["productSoldCancelled", "productSoldReversed", "productSoldDeleted", "ProductSoldFailed", "productSoldOut",
     "product_sold_out", "productUnsold", "product.unsold", "productUnrated", "productRatedRemoved", "productVoid",
     "productSoldRefund", "productSold.refunded", "returned.productSold", "not.productSold", "unproductSold",
     "productNotSold", "cancelled/productSold", "productCreated", "productUpdated", "productDeleted", "productRead",
     "productHold", "productTraded", "preProductSold"],
)  # fmt: skip
def test_an_event_that_says_the_opposite_is_not_taken_for_a_sale(name: str) -> None:
    for event in (name, name.upper(), f"App\\Events\\{name}", f"{name}Event", f"{name}.v2"):
        detail = rejection(FIELDS | {"event": event}).detail
        assert detail.endswith(" is no event, only productSold and productRated are")


@pytest.mark.parametrize("name", ["productReturned", "sold", "orderShipped", "", "x" * 9000, 7, True, [], {}])
def test_an_unrelated_name_is_not_taken_for_one(name: object) -> None:
    reason, detail, _ = rejection(FIELDS | {"event": name})
    assert reason is Reason.UNKNOWN_EVENT
    assert detail.endswith(" is no event, only productSold and productRated are")


def test_the_event_is_found_under_a_name_of_another_kind() -> None:
    inside = "; the event seems to be in data: send that as the message itself"
    assert rejection({"event": "message", "data": FIELDS}).detail.endswith(inside)
    assert rejection({"event": FIELDS}).detail.endswith(inside.replace("data", "event"))


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("product_id", "productId"),
        ("product_id", "product-id"),
        ("product_id", "ProductID"),
        ("product_id", "prodcut_id"),
        ("no_of_units", "noOfUnits"),
        ("no_of_units", "no_of_unit"),
        ("amount", "Amount"),
        ("amount", "ammount"),
        ("name_of_product", "nameOfProduct"),
        ("name_of_product", "name of product"),
    ],
)
def test_another_spelling_of_a_field_is_recognised(field: str, key: str) -> None:
    message = {name: value for name, value in FIELDS.items() if name != field}
    reason, detail, _ = rejection(message | {"currency": "EUR", key: 7})
    assert reason is Reason.MISSING_FIELD
    assert detail == f"{field}: the field is missing; {key!r} is another spelling of it"


@pytest.mark.parametrize(
    ("without", "more", "said"),
    [
        (["amount"], {"price": 5, "tax": 1}, "amount: the field is missing; unknown to the contract: the keys 'price', "
         "'tax'"),
        (["amount"], {}, "amount: the field is missing"),
        (["product_id", "amount"], {}, "product_id: the field is missing; amount is missing too"),
        (["name_of_product", "product_id", "amount"], {}, "name_of_product: the field is missing; product_id and "
         "amount are missing too"),
        (["no_of_units", "amount"], {"rating": 4, "category": "Books"}, "no_of_units: the field is missing; category "
         "and rating are fields of productRated; amount is missing too"),
        (["name_of_product", "product_id", "no_of_units", "amount"], {"data": WITHOUT_NAME}, "name_of_product: the "
         "field is missing; product_id, no_of_units and amount are missing too; the event seems to be in data: send "
         "that, with event_name, as the message itself; unknown to the contract: the key 'data'"),
    ],
)  # fmt: skip
def test_what_a_message_has_instead_of_a_field_is_named(without: list[str], more: dict[str, Any], said: str) -> None:
    message = {name: value for name, value in FIELDS.items() if name not in without}
    assert rejection(message | more)[:2] == (Reason.MISSING_FIELD, said)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (None, "null; a message is one event, which is a JSON object"),
        (True, "true; a message is one event, which is a JSON object"),
        (1.5, "the number 1.5; a message is one event, which is a JSON object"),
        ("x", "the text 'x'; a message is one event, which is a JSON object"),
        ([], "an empty array; a message is one event, which is a JSON object"),
        ([[1], FIELDS], "an array of 2 elements; an event seems to be in [1]; send each element as a message of "
         "its own"),
        (base64.b64encode(SOLD.encode()).decode(), "a text that holds JSON, which was encoded in base64: send it as it "
         "is; a message is one event, which is a JSON object"),
        (f"  {SOLD}", "a text that holds JSON, which was encoded twice: send what is in the text; a message is one "
         "event, which is a JSON object"),
    ],
)  # fmt: skip
def test_json_that_is_no_object_is_named(message: object, said: str) -> None:
    assert rejection(message)[:2] == (Reason.NOT_OBJECT, f"the message is JSON, but no object: it is {said}")


def test_names_that_differ_are_both_quoted() -> None:
    reason, detail, _ = rejection({"event_name": 1, "event": True})
    assert reason is Reason.CONFLICTING_EVENT_NAMES
    assert detail == "event_name is the number 1 and event is true; send one of the two, or the same in both"
    long = rejection({"event_name": "x" * 300, "event": "y" * 300}).detail
    assert "'... (300 characters) and event is 'yyy" in long
