"""A dashboard in a terminal: python3 dashboard.py [path ...]. It asks every two seconds and prints what has changed."""

import json
import os
import ssl
import sys
import time
from decimal import Decimal
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

HOST, TOKEN = os.environ.get("API_HOST", "https://127.0.0.1:8443"), os.environ["API_TOKEN"]
OURS = ["/api/product/sale?window=1h&compare=previous", "/api/product/sale/series?window=24h&step=1h&tz=Europe/Berlin"]
TRUST = ssl.create_default_context(cafile=os.environ.get("API_CA"))
tags: dict[str, str] = {}


def ask(path: str) -> float:
    """Ask once, print the answer if it has changed, and return the seconds until the next time."""
    headers = {"Authorization": f"Bearer {TOKEN}", "If-None-Match": tags.get(path, '""')}
    try:
        with urlopen(Request(HOST + path, headers=headers), timeout=10, context=TRUST) as answer:
            tags[path] = answer.headers["ETag"]
            print(path, answer.headers["Data-As-Of"], json.load(answer, parse_float=Decimal), flush=True)
            return 2
    except HTTPError as error:
        if error.code == 304:  # nothing has changed
            return 2
        problem = json.load(error)
        print(path, problem["type"], problem["detail"], file=sys.stderr)
        if error.code < 500 and error.code != 429:  # asking again would not help
            raise SystemExit(1) from None
        return float(error.headers.get("Retry-After", 10))
    except (URLError, TimeoutError) as error:
        print(path, error, file=sys.stderr)
        return 10


while True:
    time.sleep(max([ask(path) for path in sys.argv[1:] or OURS]))
