"""What is advised about an event inside of a message can be followed: what is sent then is an event, the right one."""

import json
from typing import Any

import pytest

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from tests.unit.consumer.events.details.test_telling_details import FIELDS, SOLD, WITHOUT_NAME
from tests.unit.consumer.events.test_contract import LIMITS, NOW_MS

OLD = FIELDS | {"amount": "1"}
AS_IT_IS = "send that as the message itself"
WITH_NAME = "send that, with event_name, as the message itself"


def detail(message: object) -> str:
    verdict = decode(json.dumps(message).encode(), NOW_MS, LIMITS)
    assert isinstance(verdict, Rejection), verdict
    return verdict.detail


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ({"before": OLD, "after": FIELDS, "op": "u"}, "after"),
        ({"payload": {"before": OLD, "after": FIELDS, "op": "u"}, "schema": {}}, "payload.after"),
        ({"type": "update", "old": OLD, "data": FIELDS}, "data"),
        ({"type": "UPDATE", "old_record": OLD, "record": FIELDS}, "record"),
        ({"dynamodb": {"OldImage": OLD, "NewImage": FIELDS}, "eventName": "MODIFY"}, "dynamodb.NewImage"),
        ({"operationType": "update", "fullDocumentBeforeChange": OLD, "fullDocument": FIELDS}, "fullDocument"),
        ({"data": {"old": OLD, "new": FIELDS}, "op": "UPDATE"}, "data.new"),
    ],
)
def test_of_a_changed_row_the_later_state_is_the_event(message: dict[str, Any], place: str) -> None:
    assert f"; the event seems to be in {place}: {AS_IT_IS}" in detail(message)


@pytest.mark.parametrize(
    "message",
    [
        {"before": FIELDS, "after": None, "op": "d"},
        {"payload": {"before": FIELDS, "after": None, "op": "d"}},
        {"before": FIELDS},
        {"type": "delete", "database": "shop", "data": FIELDS},
        {"type": "DELETE", "data": [FIELDS]},
        {"op_type": "D", "after": FIELDS},
        {"eventName": "REMOVE", "dynamodb": {"Keys": FIELDS}},
        {"operationType": "delete", "documentKey": FIELDS},
        {"metadata": {"operation": "delete"}, "data": FIELDS},
        {"payload": {**FIELDS, "__deleted": "true"}},
        {"payload": {**FIELDS, "deleted": True}},
    ],
)
def test_a_deleted_row_is_not_advised(message: dict[str, Any]) -> None:
    assert "seems to be" not in detail(message)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"event": "productSold", "data": WITHOUT_NAME}, f"data: {WITH_NAME}"),
        ({"specversion": "1.0", "type": "productSold", "source": "/", "data": WITHOUT_NAME}, f"data: {WITH_NAME}"),
        ({"pattern": "productSold", "data": WITHOUT_NAME}, f"data: {WITH_NAME}"),
        ({"id": "1", "name": "productSold", "data": WITHOUT_NAME, "opts": {}}, f"data: {WITH_NAME}"),
        ({"event": "productSold", "data": {**WITHOUT_NAME, "socket": None}}, f"data: {WITH_NAME}"),
        ({"event": "productSold", "channel": "x", "data": json.dumps(WITHOUT_NAME)}, f"data (as text): {WITH_NAME}"),
        ({"data": {"productSold": WITHOUT_NAME}}, f"data.productSold: {WITH_NAME}"),
        ({"headers": {"event": "productSold"}, "body": WITHOUT_NAME}, f"body: {WITH_NAME}"),
        ({"data": {**WITHOUT_NAME, "event": "x"}},
         "data: send that, with the event's name mended, as the message itself"),
        ({"data": FIELDS}, f"data: {AS_IT_IS}"),
    ],
)  # fmt: skip
def test_the_events_name_is_asked_for_where_it_is_outside_of_the_event(message: dict[str, Any], said: str) -> None:
    assert f"; the event seems to be in {said}" in detail(message)


def test_a_name_alone_is_no_event() -> None:
    assert "seems to be" not in detail({"headers": {"event": "productSold"}, "body": "x"})


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"events": [FIELDS, FIELDS]}, "events[0]: send each element of events as a message of its own"),
        ({"value": [FIELDS] * 3}, "value[0]: send each element of value as a message of its own"),
        ({"data": {"items": [WITHOUT_NAME] * 2}},
         "data.items[0]: send each element of data.items, with event_name, as a message of its own"),
        ({"Records": [{"body": SOLD}, {"body": SOLD}]},
         "Records[0].body (as text): send the event in each element of Records as a message of its own"),
        ({"messages": [SOLD, SOLD]},
         "messages[0] (as text): send each element of messages as a message of its own"),
        ({"body": json.dumps([FIELDS, FIELDS])},
         "body[0] (as text): send each element of body as a message of its own"),
        ({"events": [FIELDS]}, f"events[0]: {AS_IT_IS}"),
    ],
)  # fmt: skip
def test_of_a_batch_each_event_is_a_message(message: dict[str, Any], said: str) -> None:
    words = detail(message)
    assert f"; the event seems to be in {said}" in words
    assert "spelling" not in words
