"""`python -m api` runs the REST service until SIGTERM or SIGINT.

Exit codes: 0 a signal ended it · 3 another process has the port · 78 a setting is missing or wrong.
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
"""The exit code for wrong settings, as sysexits.h has it."""


def main(create: Callable[[ApiSettings], Application] = create_app) -> int:
    """Serve until a signal ends the process. Returns the exit code. `create` makes the application.

    When the port is taken, uvicorn ends the process with exit code 3.
    """
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
    """Keep Python's garbage collector from costing a tenth of the time. Call once everything is loaded, before serving.

    `freeze` takes out of the collector's sight what is loaded by now, for it lives as long as the process. Requests
    leave few cycles behind, so the collector looks at young objects once 20,000 more were made than freed, and not
    already once 700 were. At half of that it costs more time; at twice, more garbage gathers.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


if __name__ == "__main__":
    sys.exit(main())
