"""`python -m api.openapi` prints the interface as an OpenAPI document, which docs/openapi.json holds."""

import json
import secrets

from pydantic import SecretStr

from api.app import create_app
from shared.settings import ApiSettings


def document() -> str:
    """The OpenAPI document as JSON text. No setting changes it."""
    any_key = SecretStr(secrets.token_urlsafe(48))
    return json.dumps(
        create_app(ApiSettings(token_signing_key=any_key)).framework.openapi(), indent=2, ensure_ascii=False
    )


if __name__ == "__main__":
    print(document())  # noqa: T201
