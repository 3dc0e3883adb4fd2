"""`python -m scripts.tokens` shows the records of tokens, and deletes those of tokens that ended long ago."""

import json
from datetime import UTC, datetime, timedelta

from bson.datetime_ms import DatetimeMS
from jose import jwt

from shared.documents import Document
from tests.support.api.running import tokens_of, uses_of
from tests.support.commands.tokens import TokensCommand
from tests.support.documents.given_events import Documents


def test_the_list_shows_what_tokens_may_and_never_the_tokens(cli: TokensCommand) -> None:
    tokens = [
        cli.issue("--name", "dashboard"),
        cli.issue("--name", "Große Halle", "--scope", "ratings:read", "--product", "7"),
    ]
    listed = cli("list").stdout
    for text in ("dashboard", "Große Halle", "ratings:read, sales:read", "│ 7 ", "never", "valid"):
        assert text in listed
    for token in tokens:
        assert not [part for part in (*token.split("."), jwt.get_unverified_claims(token)["jti"]) if part in listed]


def test_what_is_asked_for_is_shown(cli: TokensCommand) -> None:
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


def test_the_last_use_is_shown(cli: TokensCommand, database: Documents) -> None:
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


def test_a_name_that_several_have_is_not_enough(cli: TokensCommand) -> None:
    for _ in range(2):
        cli.issue("--name", "shop")
    done = cli("show", "shop")
    assert (done.returncode, done.stdout) == (1, "")
    assert "names several tokens, give the id of one" in done.stderr


def test_records_of_an_earlier_version_are_shown(cli: TokensCommand, database: Documents) -> None:
    token = cli.issue("--name", "old")
    newer = ("networks", "idle_seconds", "key_id", "replaced_by")
    database.client[f"{database.name}_access"]["api_tokens"].update_many({}, {"$unset": dict.fromkeys(newer, "")})
    assert "old" in cli("list").stdout
    shown = json.loads(cli("show", "old", "--json").stdout)
    assert [shown[name] for name in newer] == [None] * 4
    claims, same = (jwt.get_unverified_claims(each) for each in (token, cli("rotate", "old").stdout.strip()))
    assert (claims["sub"], claims["scope"]) == (same["sub"], same["scope"])
    assert "deleted 0" in cli("prune").stderr


def test_pruning_deletes_what_ended_long_ago(cli: TokensCommand, database: Documents) -> None:
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
    asked = cli("prune")
    assert asked.returncode == 2
    assert asked.stderr.startswith("2 records would be deleted for good:")
    assert tokens_of(database).count_documents({}) == 4
    assert "deleted 2 records" in cli("prune", "--yes").stderr
    assert {use["_id"] for use in uses.find()} == {record["_id"] for record in tokens_of(database).find()}
    assert {record["name"] for record in tokens_of(database).find()} == {"valid", "expired"}
    assert "deleted 1 records" in cli("prune", "--yes", "--days", "0").stderr
    assert {record["name"] for record in tokens_of(database).find()} == {"valid"}


HOSTILE = {
    "[/red]x": "[/red]x",
    "dash [prod]": "dash [prod]",
    ":warning:": ":warning:",
    "0:100:1": "0:100:1",
    "esc \x1b[2J\n\u202e": r"esc \x1b[2J\n\u202e",
}


def test_names_are_shown_literally(cli: TokensCommand, database: Documents) -> None:
    cli.issue("--name", "usual")
    usual = tokens_of(database).find_one({"name": "usual"})
    assert usual is not None
    tokens_of(database).delete_many({})
    named = enumerate(HOSTILE, 1)
    tokens_of(database).insert_many(
        [usual | {"_id": f"{number:012x}{'0' * 52}", "name": name} for number, name in named]
    )
    listed = cli("list")
    assert listed.returncode == 0
    rows = [line for line in listed.stdout.splitlines() if line.startswith("│")]
    assert all(sum(f"│ {shown} " in row for row in rows) == 1 for shown in HOSTILE.values()), listed.stdout
    for name, shown in HOSTILE.items():
        assert f" {shown} " in cli("show", name).stdout
        assert f"({shown})" in cli("revoke", name).stderr
        assert json.loads(cli("show", name, "--json").stdout)["name"] == name
    assert "\x1b" not in listed.stdout
    missing = cli("show", "[/red] :warning: \x1b[1m")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert r"[/red] :warning: \x1b[1m" in missing.stderr


def test_times_that_are_no_dates_and_damaged_records_hide_nothing(cli: TokensCommand, database: Documents) -> None:
    cli.issue("--name", "usual")
    usual = tokens_of(database).find_one({"name": "usual"})
    assert usual is not None
    late, early = DatetimeMS(253_402_300_800_000), DatetimeMS(-62_135_596_800_001)
    changed: dict[str, Document] = {
        "late": {"expires_at": late},
        "early": {"expires_at": early},
        "idle": {"expires_at": late, "idle_seconds": 10**12},
        "revoked": {"revoked_at": late},
        "damaged": {"scopes": None, "expires_at": "never"},
    }
    tokens_of(database).insert_many(
        [
            usual | {"_id": f"{number:012x}{'0' * 52}", "name": name} | more
            for number, (name, more) in enumerate(changed.items(), 1)
        ]
    )
    listed = cli("list")
    assert listed.returncode == 0, listed.stderr
    rows = {name: line for line in listed.stdout.splitlines() for name in changed if f" {name} " in line}
    assert "253402300800000 ms" in rows["late"]
    assert " valid " in rows["late"]
    assert "-62135596800001 ms" in rows["early"]
    assert " expired " in rows["early"]
    assert " valid " in rows["idle"]
    assert " revoked " in rows["revoked"]
    assert listed.stdout.count("cannot be shown: ") == 1
    found = {one.get("name"): one for one in json.loads(cli("list", "--json").stdout)}
    assert found["late"]["expires_at"] == "253402300800000 ms"
    assert found["revoked"]["revoked_at"] == "253402300800000 ms"
    assert sum("error" in one for one in found.values()) == 1
    rotated = cli("rotate", "late")
    assert (rotated.returncode, rotated.stdout) == (1, "")
    assert "say so by --days" in rotated.stderr
    assert "1 records would be deleted" in cli("prune", "--days", "0").stderr
