"""The API accepts a token that `python -m scripts.tokens` issues, until it is revoked, replaced or has expired."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from jose import jwt

from scripts.tokens import token_records
from scripts.tokens.token_records import UnusableToken
from shared.documents import Document
from stack.waiting import wait_until
from tests.support.api.running import KEY, Api, RunningClock, tokens_of
from tests.support.commands.tokens import TokensCommand
from tests.support.documents.given_events import Documents
from tests.support.servers.interface import MongoServer


def is_refused(api: Api, token: str) -> bool:
    return api.get("/api/product/sale", token).status_code == 401


def test_the_token_alone_is_on_standard_output(cli: TokensCommand, database: Documents) -> None:
    done = cli("issue", "--name", "dashboard", "--scope", "sales:read", "--scope", "ratings:read")
    assert done.returncode == 0
    token = done.stdout.removesuffix("\n")
    assert "\n" not in token
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "kid": "main", "typ": "JWT"}
    claims = jwt.get_unverified_claims(token)
    assert claims.keys() == {"iss", "aud", "sub", "jti", "iat", "nbf", "exp", "scope"}
    assert (claims["sub"], claims["scope"]) == ("dashboard", "ratings:read sales:read")
    assert claims["exp"] - claims["iat"] == 90 * 86_400
    (record,) = tokens_of(database).find()
    for secret in (token, claims["jti"], token.rpartition(".")[2]):
        assert secret not in done.stderr
        assert secret not in str(record)
    assert KEY not in done.stderr


def test_an_issued_token_is_let_in(cli: TokensCommand, api: Api) -> None:
    token = cli.issue("--name", "dashboard")
    assert api.get("/api/product/sale/3", token).text == '{"total": 5}'
    assert api.get("/api/product/rating/3", token).text == '{"average_rating": null}'


def test_scopes_products_and_days(cli: TokensCommand, api: Api, clock: RunningClock) -> None:
    token = cli.issue("--name", "shop", "--scope", "sales:read", "--product", "3", "--product", "0", "--days", "1")
    assert api.get("/api/product/sale/3", token).status_code == 200
    assert api.get("/api/product/sale/0", token).status_code == 404
    assert api.get("/api/product/sale/4", token).status_code == 403
    assert api.get("/api/product/rating/3", token).status_code == 403
    clock.ahead_ms = 86_400_000
    assert api.get("/api/product/sale/3", token).status_code == 401


def test_a_token_for_trials_lives_minutes(cli: TokensCommand, api: Api, clock: RunningClock) -> None:
    token = cli.issue("--name", "trial", "--scope", "sales:read", "--minutes", "5")
    claims = jwt.get_unverified_claims(token)
    assert claims["exp"] - claims["iat"] == 300
    assert api.get("/api/product/sale/3", token).status_code == 200
    clock.ahead_ms = 300_000
    expired = api.get("/api/product/sale/3", token)
    assert (expired.status_code, expired.json()["type"]) == (401, "urn:problem-type:product-analytics:expired-token")


def test_by_default_a_token_opens_nothing(cli: TokensCommand, api: Api) -> None:
    done = cli("issue", "--name", "bare", "--json")
    assert "no scope, so that it opens nothing" in done.stderr
    issued = json.loads(done.stdout)
    assert (issued["scopes"], issued["products"], issued["networks"], issued["idle_seconds"]) == ([], None, None, None)
    for path in ("/api/product/sale/3", "/api/product/sale", "/api/product/rating/3"):
        assert api.get(path, issued["token"]).status_code == 403


def test_revoking_by_name_ends_all_of_that_name(cli: TokensCommand, api: Api) -> None:
    old, new, other = (cli.issue("--name", name) for name in ("shop", "shop", "dashboard"))
    asked = cli("revoke", "shop")
    assert asked.returncode == 2
    assert "2 tokens would be revoked:" in asked.stderr
    assert api.tokens.count_documents({"revoked_at": None}) == 3
    done = cli("revoke", "shop", "--yes")
    assert done.returncode == 0
    assert done.stderr.splitlines()[-2:] == [f"revoked {one['_id'][:12]} (shop)" for one in tokens_named(api, "shop")]
    for token in (old, new):
        wait_until("the revocation", partial(is_refused, api, token), 6)
    assert api.get("/api/product/sale", other).status_code == 200


def tokens_named(api: Api, name: str) -> list[Document]:
    """The records of this name, the oldest first."""
    return list(api.tokens.find({"name": name}).sort("created_at"))


def test_a_second_revocation_does_not_move_the_first(cli: TokensCommand, database: Documents) -> None:
    cli.issue("--name", "shop")
    assert cli("revoke", "shop").returncode == 0
    first = tokens_of(database).find_one({"name": "shop"})
    cli.issue("--name", "shop")
    assert cli("revoke", "shop").returncode == 0  # one of the two works, so nobody is asked
    assert first in list(tokens_of(database).find({"name": "shop"}))
    assert tokens_of(database).count_documents({"revoked_at": None}) == 0


def test_a_rotation_never_lets_the_old_token_live_longer(cli: TokensCommand, database: Documents) -> None:
    cli.issue("--name", "shop", "--days", "1")
    before = tokens_of(database).find_one({"name": "shop"})
    assert before is not None
    assert cli("rotate", "shop", "--overlap-minutes", str(3 * 1440)).returncode == 0
    after = tokens_of(database).find_one({"_id": before["_id"]})
    assert after is not None
    assert after["expires_at"] == before["expires_at"]
    assert after["replaced_by"] is not None


def test_a_name_that_looks_like_an_id_is_found_as_a_name(cli: TokensCommand) -> None:
    cli.issue("--name", "0123456789abcdef")
    assert cli("show", "0123456789abcdef").returncode == 0


def test_revoking_by_id_ends_one(cli: TokensCommand, api: Api) -> None:
    first, second = cli.issue("--name", "shop"), cli.issue("--name", "shop")
    (record, _) = api.tokens.find().sort("_id")
    assert cli("revoke", record["_id"][:12]).returncode == 0
    statuses = sorted(api.get("/api/product/sale", token).status_code for token in (first, second))
    assert statuses == [200, 401]
    assert "revoked" in cli("list").stdout


@pytest.mark.parametrize("name", ["nobody", "0123456789ab", ".*", "$ne", "a" * 64])
def test_revoking_what_is_not_there(cli: TokensCommand, name: str) -> None:
    cli.issue("--name", "shop")
    done = cli("revoke", name)
    assert done.returncode == 1
    assert "there is no token" in done.stderr


def test_rotating_hands_the_rights_on(cli: TokensCommand, api: Api, clock: RunningClock) -> None:
    old = cli.issue("--name", "shop", "--scope", "sales:read", "--product", "3", "--days", "30")
    done = cli("rotate", "shop", "--overlap-minutes", "60", "--json")
    new = json.loads(done.stdout)
    assert "ends in 60 minutes" in done.stderr
    before, after = json.loads(cli("list", "--json").stdout)
    same = ("name", "scopes", "products", "networks", "idle_seconds")
    assert [before[name] for name in same] == [after[name] for name in same]
    assert (before["replaced_by"], after["id"], after["state"]) == (new["id"], new["id"], "valid")
    made, expires = (datetime.fromisoformat(after[name]) for name in ("created_at", "expires_at"))
    assert expires - made == timedelta(days=30)
    again = cli("rotate", before["id"])
    assert (again.returncode, again.stdout) == (1, "")
    assert f"rotate its successor, {new['id'][:12]}" in again.stderr
    tokens = (old, new["token"])
    assert [api.get("/api/product/sale/3", token).status_code for token in tokens] == [200, 200]
    assert api.get("/api/product/sale/4", new["token"]).status_code == 403
    clock.ahead_ms = 61 * 60_000
    assert [api.get("/api/product/sale/3", token).status_code for token in tokens] == [401, 200]


def test_rotating_without_overlap_revokes_at_once(cli: TokensCommand, api: Api) -> None:
    old = cli.issue("--name", "shop")
    new = cli("rotate", "shop", "--overlap-minutes", "0").stdout.strip()
    assert api.get("/api/product/sale", new).status_code == 200
    wait_until("the revocation", partial(is_refused, api, old), 6)
    # The name now means the successor, so it can be rotated again; the token that has ended cannot.
    assert cli("rotate", "shop", "--overlap-minutes", "0").returncode == 0
    ended = json.loads(cli("list", "--json").stdout)[0]
    assert ended["state"] == "revoked"
    refused = cli("rotate", ended["id"])
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is revoked; `issue` makes a new one" in refused.stderr


def revoke_it(record: dict[str, Any]) -> None:
    token_records.revoke(token_records.token_collection(), [record])


def rotate_it(record: dict[str, Any]) -> None:
    token_records.rotate(record, None, timedelta(hours=1))


def delete_it(record: dict[str, Any]) -> None:
    token_records.token_collection().delete_one({"_id": record["_id"]})


@pytest.mark.parametrize(("meanwhile", "left"), [(revoke_it, 1), (rotate_it, 2), (delete_it, 0)])
def test_a_token_that_somebody_else_ends_meanwhile_has_no_successor(
    cli: TokensCommand,
    database: Documents,
    mongo: MongoServer,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: Callable[[dict[str, Any]], None],
    left: int,
) -> None:
    """Its record was read before, and said that it is valid."""
    settings = {"MONGODB_URI": mongo.uri, "MONGODB_DATABASE": database.name, "TOKEN_SIGNING_KEY": KEY}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(token_records, "_collection", lambda _: tokens_of(database))
    cli.issue("--name", "shop")
    old = token_records.find_only(token_records.token_collection(), "shop")
    meanwhile(old)
    before = list(tokens_of(database).find())
    with pytest.raises(UnusableToken, match="nothing was made"):
        token_records.rotate(old, None, timedelta(0))
    assert list(tokens_of(database).find()) == before
    assert len(before) == left
