"""The consumer with Python's clock shifted by the hours that the file `SHIFT_FILE` holds.

Start it by `python -m tests.faults.injection.shifted`. The file is read at each look at the clock, so a test can change
the shift while the consumer runs.

The API is tested with libfaketime instead. That library does not replace `cnd_timedwait`, by which librdkafka waits, so
under it a consumer's waits for a shifted moment would never end.
"""

import datetime
import os
import runpy
from pathlib import Path

# Imported before the shift, so these libraries keep the real class: they compare and encode times, and judge none.
import bson
import confluent_kafka
import pydantic_settings
import pymongo
import structlog

LIBRARIES = (bson, confluent_kafka, pydantic_settings, pymongo, structlog)
SHIFT = Path(os.environ["SHIFT_FILE"])


class ShiftedClock(datetime.datetime):
    """Its `now` is shifted, and returns ordinary datetimes."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]  # deliberately not of this class
        hours = float(SHIFT.read_text() or 0)
        return REAL.now(tz) + datetime.timedelta(hours=hours)


REAL = datetime.datetime

if __name__ == "__main__":
    datetime.datetime = ShiftedClock  # type: ignore[misc]  # what `from datetime import datetime` finds from now on
    runpy.run_module("consumer", run_name="__main__", alter_sys=True)
