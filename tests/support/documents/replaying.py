"""Dead letters that `Writer` stores, and replays of them by the command's own code, without Kafka."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pymongo.client_session import ClientSession

from consumer.events.rejection import Rejection
from consumer.process.clocks import utc_now
from scripts.dead_letters.replay import Accepted, Replays
from scripts.dead_letters.replayed_ids import ReplayedIds
from shared.documents import EVENT_ID_DAYS, REJECTED_EVENTS, Document, LetterState
from tests.support.documents.writing import Writer

NOT_JSON = b"not json"


def letters(writer: Writer) -> list[Document]:
    """All dead letters, in order of their offsets."""
    return list(writer.database[REJECTED_EVENTS].find().sort("_id", 1))


def own_value(letter: Document) -> bytes:
    """The letter's own message."""
    return bytes(letter["value"])


class Replayer:
    """One run of the command, which judges every letter as if its message were `value(letter)`."""

    def __init__(
        self, writer: Writer, session: ClientSession, value: Callable[[Document], bytes], as_new: bool = False
    ) -> None:
        self.session = session
        ids = ReplayedIds(writer.database, EVENT_ID_DAYS, "", as_new)
        self._replays = Replays(writer.database, session, 400, [LetterState.NEW], value, utc_now, ids)

    def verdicts(self, chosen: Sequence[Document]) -> list[Accepted | Rejection | str]:
        """What the contract, and the ids that counted, say of letters now."""
        return [self._replays.judge(letter) for letter in chosen]

    def judge(self, chosen: Sequence[Document]) -> list[Accepted]:
        """Judge letters that the contract accepts now."""
        judged = self.verdicts(chosen)
        accepted = [one for one in judged if isinstance(one, Accepted)]
        assert len(accepted) == len(judged), judged
        return accepted

    def store(self, accepted: Sequence[Accepted]) -> list[str]:
        """Store them. Returns the outcome of each."""
        return [outcome for _, outcome in self._replays.store(accepted)]

    def replay(self, chosen: Sequence[Document]) -> list[str]:
        """Judge and store letters. Returns the outcome of each."""
        return self.store(self.judge(chosen))


@contextmanager
def replayer(
    writer: Writer, value: Callable[[Document], bytes] = own_value, as_new: bool = False
) -> Iterator[Replayer]:
    """A run of the command, with a session of its own."""
    with writer.database.client.start_session() as session:
        yield Replayer(writer, session, value, as_new)
