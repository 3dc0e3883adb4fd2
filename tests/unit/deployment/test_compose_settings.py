"""The variables that docker-compose.yml reads, its secrets, and the settings that it gives to the services."""

import re
from pathlib import Path

import pytest

from shared.settings import ApiSettings, ConsumerSettings
from tests.support.product.compose_file import example, interpolated, services, variables

SECRETS = {f"MONGO_{user}_PASSWORD" for user in ("ROOT", "API", "CONSUMER", "TOKENS")}


def test_every_variable_is_in_the_example_with_the_value_it_has_anyway() -> None:
    shown = example()
    assert shown.keys() == variables().keys()
    for name, uses in variables().items():
        assert len(uses) == 1, f"{name} has more than one default or message: {uses}"
        [(how, rest)] = uses
        assert how in (":-", ":?"), f"{name} has neither a default nor a message"
        assert shown[name] == (rest if how == ":-" else ""), name


def test_secrets_have_no_default_and_come_from_nowhere_else() -> None:
    required = {name for name, uses in variables().items() for how, _ in uses if how == ":?"}
    assert required == SECRETS
    for name in variables().keys() - SECRETS:
        assert not re.search(r"PASSWORD|SIGNING_KEY$", name), name
    for secret in interpolated()["secrets"].values():
        assert secret.keys() == {"file"}, "read-only containers can be given secrets as files only"


@pytest.mark.parametrize(("name", "settings"), [("api", ApiSettings), ("consumer", ConsumerSettings)])
def test_what_a_service_is_told_is_a_setting_it_has(
    name: str, settings: type[ApiSettings] | type[ConsumerSettings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment = services()[name]["environment"]
    assert {key.lower() for key in environment} - {"secrets_dir"} <= settings.model_fields.keys()
    assert set(services()[name].get("secrets", [])) <= settings.model_fields.keys()
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    (tmp_path / "token_signing_key").write_text("k" * 32 + "\n")
    loaded = settings.load()
    assert loaded.mongodb_uri.get_secret_value() == (
        f"mongodb://{name}:given@mongo:27017/?replicaSet=rs0&authSource=admin"
    )
    if isinstance(loaded, ApiSettings):
        assert loaded.token_signing_key.get_secret_value() == "k" * 32
        assert (loaded.api_host, loaded.api_port) == ("0.0.0.0", 8000)  # noqa: S104
