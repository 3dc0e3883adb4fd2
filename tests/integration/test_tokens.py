"""`python -m scripts.tokens` and the API: what is issued is let in, until it is revoked."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from jose import jwt
from pydantic import SecretStr

from shared.settings import ApiSettings
from stack import ports
from stack.waiting import wait_until
from tests.integration.api.conftest import empty_database
from tests.support.api import KEY, Api, RunningClock, serving, tokens_of, uses_of
from tests.support.history import Documents, Sold, store
from tests.support.servers import MongoServer
from tests.support.tokens import Cli


@pytest.fixture
def database(mongo: MongoServer) -> Iterator[Documents]:
    with empty_database(mongo) as database:
        yield database


@pytest.fixture
def cli(mongo: MongoServer, database: Documents) -> Cli:
    return Cli({"MONGODB_URI": mongo.uri, "MONGODB_DATABASE": database.name, "TOKEN_SIGNING_KEY": KEY})


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def api(mongo: MongoServer, database: Documents, clock: RunningClock) -> Iterator[Api]:
    """At the present time, as the command is."""
    settings = ApiSettings(
        mongodb_uri=SecretStr(mongo.uri),
        mongodb_database=database.name,
        token_signing_key=SecretStr(KEY),
        drain_seconds=0,
    )
    with serving(settings, clock) as url:
        api = Api(settings, database, clock, url)
        store(database, [Sold(product, clock(), "5") for product in (3, 4)])
        with api.client:
            yield api


def is_refused(api: Api, token: str) -> bool:
    return api.get("/api/product/sale", token).status_code == 401


def test_the_token_alone_is_on_standard_output(cli: Cli, database: Documents) -> None:
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


def test_an_issued_token_is_let_in(cli: Cli, api: Api) -> None:
    token = cli.issue("--name", "dashboard")
    assert api.get("/api/product/sale/3", token).text == '{"total": 5}'
    assert api.get("/api/product/rating/3", token).text == '{"average_rating": null}'


def test_scopes_products_and_days(cli: Cli, api: Api, clock: RunningClock) -> None:
    token = cli.issue("--name", "shop", "--scope", "sales:read", "--product", "3", "--product", "0", "--days", "1")
    assert api.get("/api/product/sale/3", token).status_code == 200
    assert api.get("/api/product/sale/0", token).status_code == 404
    assert api.get("/api/product/sale/4", token).status_code == 403
    assert api.get("/api/product/rating/3", token).status_code == 403
    clock.ahead_ms = 86_400_000
    assert api.get("/api/product/sale/3", token).status_code == 401


def test_revoking_by_name_ends_all_of_that_name(cli: Cli, api: Api) -> None:
    old, new, other = (cli.issue("--name", name) for name in ("shop", "shop", "dashboard"))
    done = cli("revoke", "shop")
    assert done.returncode == 0
    assert done.stderr.count("revoked ") == 2
    for token in (old, new):
        wait_until("the revocation", partial(is_refused, api, token), 6)
    assert api.get("/api/product/sale", other).status_code == 200


def test_revoking_by_id_ends_one(cli: Cli, api: Api) -> None:
    first, second = cli.issue("--name", "shop"), cli.issue("--name", "shop")
    (record, _) = api.tokens.find().sort("_id")
    assert cli("revoke", record["_id"][:12]).returncode == 0
    statuses = sorted(api.get("/api/product/sale", token).status_code for token in (first, second))
    assert statuses == [200, 401]
    assert "revoked" in cli("list").stdout


@pytest.mark.parametrize("name", ["nobody", "0123456789ab", ".*", "$ne", "a" * 64])
def test_revoking_what_is_not_there(cli: Cli, name: str) -> None:
    cli.issue("--name", "shop")
    done = cli("revoke", name)
    assert done.returncode == 1
    assert "there is no token" in done.stderr


def test_the_list_shows_what_tokens_may_and_never_the_tokens(cli: Cli) -> None:
    tokens = [
        cli.issue("--name", "dashboard"),
        cli.issue("--name", "Große Halle", "--scope", "ratings:read", "--product", "7"),
    ]
    listed = cli("list").stdout
    for text in ("dashboard", "Große Halle", "ratings:read, sales:read", "│ 7 ", "never", "valid"):
        assert text in listed
    for token in tokens:
        assert not [part for part in (*token.split("."), jwt.get_unverified_claims(token)["jti"]) if part in listed]


def test_by_default_a_token_opens_nothing(cli: Cli, api: Api) -> None:
    done = cli("issue", "--name", "bare", "--json")
    assert "no scope, so that it opens nothing" in done.stderr
    issued = json.loads(done.stdout)
    assert (issued["scopes"], issued["products"], issued["networks"], issued["idle_seconds"]) == ([], None, None, None)
    for path in ("/api/product/sale/3", "/api/product/sale", "/api/product/rating/3"):
        assert api.get(path, issued["token"]).status_code == 403


def test_what_is_asked_for_is_shown(cli: Cli) -> None:
    limits = ("--network", "192.0.2.0/24", "--network", "2001:DB8::1", "--idle-days", "7", "--days", "30")
    scopes = ("--scope", "live:read", "--scope", "admin")
    issued = json.loads(cli("issue", "--name", "limited", *scopes, *limits, "--product", "7", "--json").stdout)
    token = issued.pop("token")
    assert issued["networks"] == ["192.0.2.0/24", "2001:db8::1/128"]
    assert (issued["scopes"], issued["products"]) == (["admin", "live:read"], [7])
    assert (issued["idle_seconds"], issued["key_id"], issued["state"]) == (7 * 86_400, "main", "valid")
    made, expires = (datetime.fromisoformat(issued[name]) for name in ("created_at", "expires_at"))
    assert expires - made == timedelta(days=30)
    assert json.loads(cli("show", "limited", "--json").stdout) == issued
    assert json.loads(cli("list", "--json").stdout) == [issued]
    shown = cli("show", issued["id"][:12]).stdout
    assert all(text in shown for text in ("limited", "192.0.2.0/24, 2001:db8::1/128", "live:read", issued["id"]))
    assert token not in shown


def test_the_last_use_is_shown(cli: Cli, database: Documents) -> None:
    for name in ("of an earlier version", "used", "unused"):
        cli.issue("--name", name, "--idle-days", "1")
    ids = {record["name"]: record["_id"] for record in tokens_of(database).find()}
    used_at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    tokens_of(database).update_many(
        {}, {"$set": {"created_at": used_at - timedelta(days=1), "last_used_at": used_at - timedelta(hours=1)}}
    )
    tokens_of(database).update_one({"name": "unused"}, {"$unset": {"last_used_at": ""}})
    uses_of(database).insert_one({"_id": ids["used"], "last_used_at": datetime.now(UTC)})
    listed = {each["name"]: each for each in json.loads(cli("list", "--json").stdout)}
    assert {name: each["state"] for name, each in listed.items()} == {
        "of an earlier version": "idle",
        "used": "valid",
        "unused": "idle",
    }
    assert listed["of an earlier version"]["last_used_at"] == f"{used_at - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    assert listed["unused"]["last_used_at"] is None


def test_rotating_hands_the_rights_on(cli: Cli, api: Api, clock: RunningClock) -> None:
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


def test_rotating_without_overlap_revokes_at_once(cli: Cli, api: Api) -> None:
    old = cli.issue("--name", "shop")
    new = cli("rotate", "shop", "--overlap-minutes", "0").stdout.strip()
    assert api.get("/api/product/sale", new).status_code == 200
    wait_until("the revocation", partial(is_refused, api, old), 6)
    # The successor is what the name means now; whoever rotates an ended one is told.
    assert cli("rotate", "shop", "--overlap-minutes", "0").returncode == 0
    ended = json.loads(cli("list", "--json").stdout)[0]
    assert ended["state"] == "revoked"
    refused = cli("rotate", ended["id"])
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is revoked; `issue` makes a new one" in refused.stderr


def test_a_name_that_several_have_is_not_enough(cli: Cli) -> None:
    for _ in range(2):
        cli.issue("--name", "shop")
    done = cli("show", "shop")
    assert (done.returncode, done.stdout) == (1, "")
    assert "names several tokens, give the id of one" in done.stderr


def test_records_of_an_earlier_version_are_shown(cli: Cli, database: Documents) -> None:
    token = cli.issue("--name", "old")
    newer = ("networks", "idle_seconds", "key_id", "replaced_by")
    database.client[f"{database.name}_access"]["api_tokens"].update_many({}, {"$unset": dict.fromkeys(newer, "")})
    assert "old" in cli("list").stdout
    shown = json.loads(cli("show", "old", "--json").stdout)
    assert [shown[name] for name in newer] == [None] * 4
    claims, same = (jwt.get_unverified_claims(each) for each in (token, cli("rotate", "old").stdout.strip()))
    assert (claims["sub"], claims["scope"]) == (same["sub"], same["scope"])
    assert "deleted 0" in cli("prune").stderr


def test_pruning_deletes_what_ended_long_ago(cli: Cli, database: Documents) -> None:
    for name in ("valid", "expired", "long expired", "long revoked"):
        cli.issue("--name", name)
    now = datetime.now(UTC)
    ended = [
        ("expired", "expires_at", 29),
        ("long expired", "expires_at", 31),
        ("long revoked", "revoked_at", 31),
    ]
    for name, field, days in ended:
        tokens_of(database).update_one({"name": name}, {"$set": {field: now - timedelta(days=days)}})
    uses = uses_of(database)
    uses.insert_many([{"_id": record["_id"], "last_used_at": now} for record in tokens_of(database).find()])
    uses.insert_one({"_id": "noted a moment after its token was pruned", "last_used_at": now})
    assert "deleted 2 records" in cli("prune").stderr
    assert {use["_id"] for use in uses.find()} == {record["_id"] for record in tokens_of(database).find()}
    assert {record["name"] for record in tokens_of(database).find()} == {"valid", "expired"}
    assert "deleted 1 records" in cli("prune", "--days", "0").stderr
    assert {record["name"] for record in tokens_of(database).find()} == {"valid"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["issue"], "Missing option"),
        (["issue", "--name", ""], "1 to 64 printable characters"),
        (["issue", "--name", "n" * 65], "1 to 64 printable characters"),
        (["issue", "--name", "a\nb"], "1 to 64 printable characters"),
        (["issue", "--name", "x", "--scope", "*"], "there is no scope"),
        (["issue", "--name", "x", "--scope", "sales:*"], "there is no scope"),
        (["issue", "--name", "x", "--network", "10.0.0.1/8"], "has host bits set"),
        (["issue", "--name", "x", "--network", "everywhere"], "a network is written like"),
        (["issue", "--name", "x", "--idle-days", "0"], "--idle-days"),
        (["issue", "--name", "x", "--product", "-1"], "--product"),
        (["issue", "--name", "x", "--product", str(2**63)], "--product"),
        (["issue", "--name", "x", "--days", "0"], "--days"),
    ],
)
def test_wrong_usage(cli: Cli, database: Documents, arguments: list[str], message: str) -> None:
    done = cli(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert tokens_of(database).count_documents({}) == 0


def test_wrong_settings(cli: Cli) -> None:
    done = cli("issue", "--name", "x", TOKEN_SIGNING_KEY="weak-private-key")
    assert (done.returncode, done.stdout) == (78, "")
    assert "TOKEN_SIGNING_KEY" in done.stderr
    assert "weak-private-key" not in done.stderr
    assert "Traceback" not in done.stderr


def test_no_mongodb(cli: Cli) -> None:
    (port,) = ports.pick(1)
    uri = f"mongodb://user:hidden@127.0.0.1:{port}/?replicaSet=rs0"
    for arguments in (("issue", "--name", "x"), ("list",), ("revoke", "x"), ("prune",)):
        done = cli(*arguments, MONGODB_URI=uri, MONGODB_TIMEOUT_MS="300")
        assert (done.returncode, done.stdout) == (1, "")
        assert "MongoDB does not answer" in done.stderr
        assert "hidden" not in done.stderr
