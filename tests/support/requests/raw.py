"""Requests as bytes that no client library would send, and the answers to them."""

import json
import socket
import ssl
from http.client import HTTPResponse
from typing import NamedTuple

from api.web import problem_types

MEDIA_TYPE = "application/problem+json"
PATH = b"/api/product/sale"
_HOST = b"Host: localhost\r\nConnection: close\r\n"


class Answer(NamedTuple):
    """An answer, whole."""

    status: int
    headers: dict[str, list[str]]
    """By name, in small letters."""
    body: bytes


class Malformed(NamedTuple):
    """A request that is answered with an error. `method` in it stands for GET or HEAD."""

    request: bytes
    edge: int
    """The status by way of the load balancer."""
    api: int | None
    """The status of an instance that is asked directly; None where it takes the request."""
    newer_edge: int = 0
    """The status by way of newer releases of nginx, where it differs: 1.22 answers CONNECT with 400, 1.30 with 405."""


def head(line: bytes, *headers: bytes, host: bytes = _HOST) -> bytes:
    """A request's head, with a Host header unless `host` is another text."""
    return line + b" HTTP/1.1\r\n" + host + b"".join(header + b"\r\n" for header in headers) + b"\r\n"


def get(path: bytes = PATH, *headers: bytes, host: bytes = _HOST) -> bytes:
    """The head of a GET or a HEAD."""
    return head(b"METHOD " + path, *headers, host=host)


MALFORMED: dict[str, Malformed] = {
    "raw UTF-8 in the path": Malformed(get(PATH + "/é".encode()), 400, 400),
    "raw UTF-8 in the query": Malformed(get(PATH + "?ä=ö".encode()), 400, 400),
    "raw Latin-1 in the path": Malformed(get(PATH + b"/\xe9"), 400, 400),
    "a control character in the path": Malformed(get(PATH + b"/\x01"), 400, 400),
    "DEL in the path": Malformed(get(PATH + b"/\x7f"), 400, 400),
    "a blank in the path": Malformed(get(PATH + b"/a b"), 400, 400),
    "NUL in a header": Malformed(get(PATH, b"X-A: a\x00b"), 400, 400),
    "a control character in a header": Malformed(get(PATH, b"X-A: a\x01b"), 400, 400),
    "ESC in a header": Malformed(get(PATH, b"X-A: \x1b[31m"), 400, 400),
    "DEL in a header": Malformed(get(PATH, b"X-A: a\x7fb"), 400, 400),
    "a control character in the token": Malformed(get(PATH, b"Authorization: Bearer a\x02b"), 400, 400),
    "a header without a name": Malformed(get(PATH, b": b"), 400, 400),
    "a blank before a header's colon": Malformed(get(PATH, b"X-A : b"), 400, 400),
    "a folded header": Malformed(get(PATH, b"X-A: b\r\n c"), 400, 400),
    "a malformed percent": Malformed(get(b"/%zz"), 400, 404),
    "half a percent": Malformed(get(b"/%2"), 400, 404),
    "NUL by percent": Malformed(get(b"/%00"), 400, 404),
    "a path above the root": Malformed(get(b"/../x"), 400, 404),
    "a long address": Malformed(get(PATH + b"/" + b"9" * 9_000), 414, 401),
    "a long header": Malformed(get(PATH, b"X-A: " + b"a" * 9_000), 431, 401),
    "many headers": Malformed(get(PATH, *(b"X-%d: %b" % (i, b"a" * 800) for i in range(60))), 431, 401),
    "no host": Malformed(get(host=b"Connection: close\r\n"), 400, 401),
    "two hosts": Malformed(get(PATH, b"Host: other"), 400, 401),
    "a host that is none": Malformed(get(host=b"Host: a/b\r\nConnection: close\r\n"), 400, 401),
    "a future version": Malformed(get().replace(b"HTTP/1.1", b"HTTP/9.1"), 505, 400),
    "another protocol": Malformed(get().replace(b"HTTP/1.1", b"GOPHER/1"), 400, 400),
    "an authority alone": Malformed(get(b"localhost:80"), 400, 400),
    "a large body": Malformed(get(PATH, b"Content-Length: 2000") + b"x" * 2000, 413, 401),
    "a negative length": Malformed(get(PATH, b"Content-Length: -3"), 400, 400),
    "two lengths": Malformed(get(PATH, b"Content-Length: 1", b"Content-Length: 2") + b"xx", 400, 400),
    "a length and chunks": Malformed(
        get(PATH, b"Content-Length: 1", b"Transfer-Encoding: chunked") + b"0\r\n\r\n", 400, 400
    ),
    "a compressed body": Malformed(get(PATH, b"Transfer-Encoding: gzip"), 501, 400),
    "a chunk without a length": Malformed(get(PATH, b"Transfer-Encoding: chunked") + b"zz\r\n", 400, 400),
    "the same for the documentation": Malformed(get(b"/docs", b"Transfer-Encoding: chunked") + b"zz\r\n", 400, 400),
    "nothing at the root": Malformed(get(b"/"), 404, 404),
    "nothing at another address": Malformed(get(b"/nothing"), 404, 404),
    "nothing below /api": Malformed(get(b"/api/nothing"), 404, 404),
    "no token": Malformed(get(), 401, 401),
    "another method": Malformed(head(b"POST " + PATH), 405, 405),
    "TRACE": Malformed(head(b"TRACE " + PATH), 405, 405),
    "TRACE of nothing": Malformed(head(b"TRACE /nothing"), 405, 404),
    "CONNECT": Malformed(head(b"CONNECT example.com:443"), 400, 400, newer_edge=405),
    "an unknown method": Malformed(head(b"BREW " + PATH), 405, 400),
    "an unknown method for the documentation": Malformed(head(b"BREW /docs"), 405, 400),
    "an unknown method for the interface": Malformed(head(b"BREW /openapi.json"), 405, 400),
    "a method in small letters": Malformed(head(b"brew " + PATH), 400, 400),
    "a method with a control character": Malformed(head(b"G\x01T " + PATH), 400, 400),
    "OPTIONS of everything": Malformed(head(b"OPTIONS *"), 400, 404),
    "a preflight": Malformed(
        head(b"OPTIONS " + PATH, b"Origin: https://elsewhere.example", b"Access-Control-Request-Method: GET"), 0, 400
    ),
    "HTTP/2 without TLS": Malformed(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 400),
    "TLS inside": Malformed(bytes.fromhex("1603010200010001fc0303") + b"\r\n" * 20, 400, 400),
    "words": Malformed(b"hello there\r\n\r\n", 400, 400),
    "random bytes": Malformed(b"\x00\x01\x02\xff\xfe\r\n\r\n", 400, 400),
}
"""What clients send that is answered with an error before a route sees it, or by whoever stands before the routes."""


def exchange(port: int, request: bytes, tls: ssl.SSLContext | None = None) -> Answer:
    """The answer to exactly these bytes of whoever listens on this port of 127.0.0.1. Fails after 20 s without one."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    if tls is not None:
        connection = tls.wrap_socket(connection, server_hostname="localhost")
    with connection:
        connection.sendall(request)
        with HTTPResponse(connection, method="HEAD" if request.startswith(b"HEAD ") else "GET") as answer:
            answer.begin()
            headers: dict[str, list[str]] = {}
            for name, value in answer.getheaders():
                headers.setdefault(name.lower(), []).append(value)
            if request.startswith(b"HEAD "):
                assert answer.fp is not None
                return Answer(answer.status, headers, answer.fp.read())
            return Answer(answer.status, headers, answer.read())


def check_problem(answer: Answer, status: int, *, to_head: bool = False) -> str:
    """Check that this is an error as the API answers it, with the headers of an error. Returns what it says.

    The answer to HEAD has the same headers, and no body: then the text is empty.
    """
    headers = answer.headers
    assert (answer.status, headers["content-type"]) == (status, [MEDIA_TYPE])
    assert headers["cache-control"] == ["no-store"]
    [request_id] = headers["x-request-id"]
    assert len(request_id) in (16, 32)
    if to_head:
        assert answer.body == b""
        assert int(headers["content-length"][0]) > 0
        return ""
    members = json.loads(answer.body)
    assert members.keys() == {"type", "title", "status", "detail", "message"}
    assert (members["type"], members["status"]) in {(kind.uri, kind.status) for kind in problem_types.ALL.values()}
    assert members["status"] == status
    assert members["title"] not in ("", "Error")
    assert members["message"] == members["detail"]
    text: str = members["message"]
    assert text.strip()
    return text
