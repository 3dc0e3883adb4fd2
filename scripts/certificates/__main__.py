"""A certificate for one machine or a trial: made with a local authority, renewed when it has less than 60 days left.

Run it again at any time; what is valid stays. A certificate that the authority did not sign is left alone.

Exit codes: 0 there is a valid certificate · 1 a folder cannot be used, or holds no certificate · 2 wrong usage.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.certificates.local_authority import ensure, utc_now

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode="markdown")
messages = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def main(
    served: Annotated[Path, typer.Option(help="Folder of certificate.pem, key.pem and ca.pem.", show_default=False)],
    authority: Annotated[Path, typer.Option(help="Folder of the authority's own key.", show_default=False)],
    names: Annotated[str, typer.Option(help="Host names and IP addresses that it is for, separated by commas.")],
) -> None:
    """Make the certificate, or renew it."""
    try:
        messages.print(ensure(served, authority, names.split(","), utc_now()), markup=False)
    except (OSError, ValueError) as error:
        messages.print(f"no certificate: {error}", markup=False)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app(prog_name="python -m scripts.certificates")
