"""Publishes the messages of a file: checks all of them first, or each as it comes, or none."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO, Final, NamedTuple, NoReturn

import typer

from scripts.common.errors import errors_as_messages, file_problem
from scripts.publish.files import source
from scripts.publish.files.checking import Check
from scripts.publish.files.forms import Form, messages, shown_form
from scripts.publish.files.message import UnfitFile
from scripts.publish.publisher import NOT_DELIVERED, USAGE, code_of, console, end, now_ms, print_records, send
from scripts.publish.sending.interrupt import Interruption
from shared.settings import KafkaSettings

NO_MESSAGES: Final = "the file holds no messages"


class Options(NamedTuple):
    """How a file is published."""

    form: Form | None
    """None: each line as it is without a check, else what the file's beginning shows."""
    check: bool
    skip_rejected: bool
    rate: float
    dry_run: bool
    timeout: float

    @property
    def sure_form(self) -> Form:
        """The form that was chosen, or that follows from the other options."""
        return self.form or (Form.AUTO if self.check else Form.LINES)


def publish_file(path: str, options: Options) -> NoReturn:
    """Publish the messages of the file at `path`, or of standard input for `-`. Always raises typer.Exit.

    With a check, nothing is sent if consumers would reject any message, unless `skip_rejected` leaves those out: then
    each message is checked as it is sent, so that a stream without an end can be published.
    """
    with errors_as_messages(console):
        retention_days = KafkaSettings.load().event_retention_days
    check = Check(retention_days if options.check else None, now_ms)
    with ExitStack() as closing:
        try:
            stream = closing.enter_context(source.opened(path))
            waits = not stream.seekable()
            if options.check and not options.skip_rejected:
                stream, check = _checked(stream, options, check, closing), Check(None, now_ms)
        except OSError as error:
            name = f"{source.STDIN if path == '-' else path}, or the folder of temporary files,"
            raise typer.BadParameter(file_problem(error, name)) from None
        _publish(stream, options, check, waits)


def _checked(stream: BinaryIO, options: Options, check: Check, closing: ExitStack) -> BinaryIO:
    """Check all messages of a stream. Returns it, or a copy of one that comes only once, at its beginning again.

    Raises typer.Exit if consumers would reject a message, or a signal came. Raises OSError.
    """
    with Interruption(lambda: None) as interruption:
        if not stream.seekable():
            stream = _copied(stream, closing.enter_context(source.temporary()), interruption)
        start = stream.tell()
        for _ in interruption.interruptible(check.accepted(messages(stream, options.sure_form))):
            pass
    if interruption.signal:
        end(128 + interruption.signal, "interrupted while the messages were checked: 0 messages published")
    if check.rejected:
        refusal = f"nothing was sent, since {check.rejected:,} of {check.messages:,} messages {check.why}"
        console.print("; ".join([refusal, *_advice(stream, start, options, check)]), style="red")
        _report(check, USAGE)
    if not check.messages:
        end(USAGE, f"nothing was sent: {NO_MESSAGES}")
    stream.seek(start)
    return stream


def _advice(stream: BinaryIO, start: int, options: Options, check: Check) -> Iterator[str]:
    """Options by which messages of a checked file can be sent all the same. The stream is at its end."""
    if check.rejected < check.messages:
        yield "--skip-rejected sends the others"
    if not check.readable_rejected:
        return  # without the check, what cannot be read would be left out too
    if options.form is Form.LINES or (options.form is not Form.CSV and check.are_lines(stream.tell() - start)):
        yield "--no-check sends each line as it is"
        return
    stream.seek(start)
    form = shown_form(stream) if options.sure_form is Form.AUTO else options.sure_form
    yield f"--no-check --format {form} sends all of them"


def _copied(stream: BinaryIO, copy: BinaryIO, interruption: Interruption) -> BinaryIO:
    """A copy of a stream that comes only once, at its beginning. Raises typer.Exit when it is too long."""
    try:
        for _ in interruption.interruptible(source.copied(stream, copy)):
            pass
    except UnfitFile as unfit:
        end(USAGE, f"nothing was sent: {unfit}")
    copy.seek(0)
    return copy


def _publish(stream: BinaryIO, options: Options, check: Check, waits: bool) -> NoReturn:
    """Send what the check lets pass, and report which messages it left out."""
    records = check.accepted(messages(stream, options.sure_form))
    code = 0
    if options.dry_run:
        print_records(records)
    else:
        code = code_of(*send(records, None, options.timeout, options.rate, waits))
    if not check.messages and not code:
        end(USAGE, NO_MESSAGES)
    if check.rejected:
        console.print(f"{check.rejected:,} of {check.messages:,} messages were left out, since they {check.why}")
        _report(check, code or NOT_DELIVERED)
    raise typer.Exit(code)


def _report(check: Check, code: int) -> NoReturn:
    for line in check.report():
        console.print(line)
    raise typer.Exit(code)
