r"""Makes text that others wrote fit for a terminal and a line: each character that cannot be seen is written out.

Names of tokens, headers and fields, errors of servers and paths may hold anything: an escape sequence that clears the
screen, a line break that forges a line, a mark that turns the order of the letters round. `literal` is the one place
that deals with them; `scripts.common.console` passes everything through it that a command prints.
"""

import re

_INVISIBLE = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that Python calls printable and nobody can see: fillers, blanks and variation selectors."""


def literal(text: str) -> str:
    r"""The text in one line, every character visible. What is not is written as Python escapes it: ESC is `\x1b`.

    So are line breaks and other control characters, marks that change the direction, characters without a width,
    spaces other than the usual one, and halves of surrogate pairs. A backslash stays as it is: where the difference
    between a line break and the two characters `\n` matters, `--json` shows it.
    """
    if text.isprintable() and text.isascii():
        return text
    return "".join(
        character if character.isprintable() and not _INVISIBLE.match(character) else ascii(character)[1:-1]
        for character in text
    )
