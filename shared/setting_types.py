"""Types of settings: which texts pydantic accepts for them."""

import re
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?", re.ASCII)

# Kafka allows up to 249 of these characters in the name of a topic.
Name = Annotated[str, StringConstraints(min_length=1, max_length=249, pattern=r"^[A-Za-z0-9._-]+$")]
OptionalName = Annotated[str, StringConstraints(max_length=249, pattern=r"^[A-Za-z0-9._-]*$")]
HeaderName = Annotated[str, StringConstraints(max_length=249, pattern=r"^[!-~]*$")]  # visible ASCII characters
TokenName = Annotated[str, StringConstraints(min_length=1, max_length=128)]
KeyId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
Port = Annotated[int, Field(ge=0, le=65535)]


def listed(text: str) -> list[str]:
    """The entries of a comma-separated list, without blanks around them and without empty ones."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def _are_networks(text: str) -> str:
    """Raises ValueError unless each entry is an address or a network, such as 10.0.0.0/8."""
    for entry in listed(text):
        ip_network(entry)
    return text


def _are_origins(text: str) -> str:
    """Raises ValueError unless each entry is an origin, such as https://dashboard.example, or `*`."""
    for entry in listed(text):
        if entry != "*" and not _ORIGIN.fullmatch(entry):
            raise ValueError(f"{entry!r} is not an origin like https://dashboard.example")
    return text


Networks = Annotated[str, AfterValidator(_are_networks)]
Origins = Annotated[str, AfterValidator(_are_origins)]
