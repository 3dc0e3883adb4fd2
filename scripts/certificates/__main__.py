"""Make a certificate for one machine or a trial, signed by a local authority; renew it if less than 60 days are left.

Run the command again at any time. It leaves a valid certificate as it is, and also a certificate that another authority
signed. Clients have to trust the authority's certificate, `ca.pem`.

Exit codes: 0 there is a certificate · 1 a folder or a file in it cannot be used · 2 wrong usage.
"""

from pathlib import Path
from typing import Annotated

import typer

from scripts.certificates.local_authority import ensure, utc_now
from scripts.common.commands import single
from scripts.common.console import LiteralConsole
from scripts.common.errors import file_problem

app, command = single(__doc__)
messages = LiteralConsole(stderr=True)


@command
def main(
    served: Annotated[
        Path, typer.Option(help="Folder that the server reads: certificate.pem, key.pem, ca.pem.", show_default=False)
    ],
    authority: Annotated[Path, typer.Option(help="Folder of the authority's key, ca_key.pem.", show_default=False)],
    names: Annotated[str, typer.Option(help="Host names and IP addresses of the server, separated by commas.")],
) -> None:
    """Make the certificate or renew it, and print what was done."""
    try:
        messages.print(ensure(served, authority, names.split(","), utc_now()))
    except (OSError, ValueError) as error:
        messages.print(f"no certificate: {file_problem(error) if isinstance(error, OSError) else error}")
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app(prog_name="python -m scripts.certificates")
