"""`python -m api`: the REST service.

Exit codes: 0 ended by SIGTERM or SIGINT · 3 the port is taken · 78 a setting is missing or wrong.
"""

import gc
import sys
from collections.abc import Callable

from api.app import Application, create_app
from api.server import Server
from shared import logs, reporting
from shared.errors import ConfigurationError
from shared.settings import ApiSettings

EX_CONFIG = 78


def main(create: Callable[[ApiSettings], Application] = create_app) -> int:
    """Serve until a signal ends it. `create` makes the application."""
    try:
        settings = ApiSettings.load()
        app = create(settings)
    except ConfigurationError as error:
        print(f"The API cannot start: {error}", file=sys.stderr)  # noqa: T201
        return EX_CONFIG
    logs.configure(settings.log_format, settings.log_level, "api")
    reporting.configure(settings, "api")
    _prepare()
    Server(app, settings).run()
    return 0


def _prepare() -> None:
    """Call before serving, when what lives as long as the process has been loaded: it is not looked at again.

    Requests leave few cycles behind: looking for them often costs a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


if __name__ == "__main__":
    sys.exit(main())
