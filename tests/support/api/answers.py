"""What a running API answered, with every digit."""

import json
from decimal import Decimal
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample


def exact(answer: httpx.Response) -> Any:
    """The JSON of an answer, with a Decimal for each number. Asserts that the status is 200."""
    assert answer.status_code == httpx.codes.OK, f"{answer.url}: {answer.status_code} {answer.text}"
    return json.loads(answer.text, parse_float=Decimal, parse_int=Decimal)


def samples(metrics: httpx.Response, name: str) -> list[Sample]:
    """The samples of this name in an answer of `/metrics`."""
    families = text_string_to_metric_families(metrics.text)
    return [sample for family in families for sample in family.samples if sample.name == name]
