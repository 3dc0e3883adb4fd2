"""The interface as a document: `python -m api.openapi` prints what docs/openapi.json holds."""

import json
import secrets

from pydantic import SecretStr

from api.app import create_app
from shared.settings import ApiSettings


def document() -> str:
    """OpenAPI in JSON, the same for every setting."""
    any_key = SecretStr(secrets.token_urlsafe(48))
    return json.dumps(
        create_app(ApiSettings(token_signing_key=any_key)).framework.openapi(), indent=2, ensure_ascii=False
    )


if __name__ == "__main__":
    print(document())  # noqa: T201
