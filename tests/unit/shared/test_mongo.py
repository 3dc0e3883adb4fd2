"""How errors of the driver are put into the log: without what a document holds, and in a line."""

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from shared.mongo import brief


def test_a_server_that_cannot_be_reached_is_named_once() -> None:
    with (
        MongoClient[dict[str, object]]("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=100) as client,
        pytest.raises(ServerSelectionTimeoutError) as away,
    ):
        client.admin.command("ping")
    assert brief(away.value).startswith("ServerSelectionTimeoutError: 127.0.0.1:1: ")
    assert brief(away.value).count("127.0.0.1") == 1
    assert "Topology" not in brief(away.value)


def test_an_error_that_may_quote_a_document_is_its_code() -> None:
    error = OperationFailure(
        "Document failed validation: {name: 'Ann'}", 121, {"codeName": "DocumentValidationFailure"}
    )
    assert brief(error) == "OperationFailure: code 121 DocumentValidationFailure"
