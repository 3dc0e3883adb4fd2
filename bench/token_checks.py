"""Measures what checking a token costs a request: python -m bench.token_checks

The check goes all the way from the header's text to the caller. The records of the tokens are in memory, as on a
running instance. The command prints this process's processor time a request, for a token that was checked before and
for a new one; what else runs on the machine does not matter.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import typer
import uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr
from rich.console import Console

from api.auth.access import SALES_READ, Access, record_id
from api.auth.client_address import ClientAddresses
from api.auth.keys import TokenKey
from api.auth.records import TokenRecords
from api.auth.tokens import TokenSigner, TokenVerifier
from api.reads.database import MongoReader
from api.services import system_clock
from shared.documents import API_TOKENS
from shared.mongo import access_database, connect_async
from shared.settings import ApiSettings

TOKENS = 1_000
"""Tokens of each kind. Half of them give noisier figures for new tokens, each of which is checked only once."""

ROUNDS = 200
"""How often each token is checked again. Half of it gives noisier figures; twice of it takes twice as long."""

PARTIES = ("bench", "bench")
SCOPE = {"type": "http", "client": ("127.0.0.1", 1), "headers": [(b"x-forwarded-for", b"192.0.2.7")]}

console = Console()


def main() -> None:
    """Measure and print. Needs MongoDB at MONGODB_URI, and a MONGODB_DATABASE to which it may add tokens."""
    uvloop.run(_measure())


async def _measure() -> None:
    secret = SecretStr(secrets.token_urlsafe(48))
    database = access_database(connect_async(ApiSettings(token_signing_key=secret), "bench"))
    private = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for text in (secret.get_secret_value(), private.decode()):
        key = TokenKey.from_text("bench", text)
        jtis = [secrets.token_urlsafe(16) for _ in range(TOKENS)]
        for networks in (None, ["192.0.2.0/24"]):
            await database[API_TOKENS].insert_many([_record(jti, networks) for jti in jtis])
            await _print_costs(
                key, jtis, database_records=TokenRecords(MongoReader(database), 5, 1e6), networks=networks
            )
            await database[API_TOKENS].delete_many({"name": "bench"})
    await database.client.close()


async def _print_costs(
    key: TokenKey, jtis: Sequence[str], *, database_records: TokenRecords, networks: list[str] | None
) -> None:
    now = int(time.time())
    signer = TokenSigner(key, *PARTIES)
    tokens = [
        signer.sign(name="bench", jti=jti, scopes=frozenset({SALES_READ}), issued_at=now, expires_at=now + 3600)
        for jti in jtis
    ]
    addresses = ClientAddresses([ip_network("127.0.0.1")])
    access = Access(TokenVerifier([key], *PARTIES), database_records, addresses, system_clock, lambda token: None)
    await asyncio.gather(*(database_records.read(record_id(jti)) for jti in jtis))
    first = await _microseconds(access, tokens, 1)
    again = await _microseconds(access, tokens, ROUNDS)
    limited = ", limited to networks" if networks else ""
    console.print(f"{key.algorithm}{limited}: {first:.1f} µs for a new token, {again:.1f} µs for one seen before")


async def _microseconds(access: Access, tokens: Sequence[str], rounds: int) -> float:
    started = time.process_time()
    for _ in range(rounds):
        for token in tokens:
            await access.caller(token, SCOPE)
    return (time.process_time() - started) / (rounds * len(tokens)) * 1e6


def _record(jti: str, networks: list[str] | None) -> dict[str, object]:
    made = datetime.now(UTC)
    ends = {"expires_at": made + timedelta(days=1), "revoked_at": None}
    rights = {"name": "bench", "scopes": [SALES_READ], "products": None, "networks": networks}
    return {"_id": record_id(jti), "created_at": made, **rights, **ends}


if __name__ == "__main__":
    typer.run(main)
