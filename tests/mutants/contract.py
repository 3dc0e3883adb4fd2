"""Defects in what the contract keeps of an event: its unknown fields, its id and its fingerprint."""

from tests.mutants.mutant import Edit, Mutant

EVENTS = "tests/unit/consumer/events"
VECTORS = f"{EVENTS}/test_contract.py::test_vector"
IDENTITY = f"{EVENTS}/test_identity.py"

MUTANTS = (
    Mutant(
        "the text of unknown fields has numbers as a float has them",
        f"{EVENTS}/test_exact_json.py::test_the_text_holds_every_digit_and_character",
        (
            Edit(
                "consumer/events/exact_json.py",
                "JSONDecoder(parse_int=_marked, parse_float=_marked)",
                "JSONDecoder(parse_int=_marked)",
            ),
        ),
    ),
    Mutant(
        "only the unknown fields that BSON cannot hold are kept as text, and the others are lost",
        VECTORS,
        (
            Edit(
                "consumer/events/exact_json.py",
                "if key not in known}",
                "if key not in known and not key.isidentifier()}",
            ),
        ),
    ),
    Mutant(
        "a message may nest a level deeper than the contract allows",
        VECTORS,
        (
            Edit(
                "consumer/events/nesting.py",
                "if _is_deeper(message, MAX_DEPTH):",
                "if _is_deeper(message, MAX_DEPTH + 1):",
            ),
        ),
    ),
    Mutant(
        "unknown fields that nest a level too deep are stored as BSON",
        VECTORS,
        (Edit("consumer/events/unknown_fields.py", "MAX_STORED_DEPTH - 1, known", "MAX_STORED_DEPTH, known"),),
    ),
    Mutant(
        "half of a surrogate pair in an unknown field costs the event",
        VECTORS,
        (Edit("consumer/events/slow_path.py", "if key in known and not _is_utf8", "if not _is_utf8"),),
    ),
    Mutant(
        "half of a surrogate pair is stored where the fast path would store it",
        VECTORS,
        (
            Edit(
                "consumer/events/slow_path.py",
                "return Unusual(message) if isinstance(message, dict) else message",
                "return message",
            ),
        ),
    ),
    Mutant(
        "null in an optional field is a wrong value",
        VECTORS,
        (Edit("consumer/events/slow_path.py", " if inner is not None or key not in _OPTIONAL}", "}"),),
    ),
    Mutant(
        "the order of unknown fields is part of an event's fingerprint",
        f"{IDENTITY}::test_two_sales_have_one_fingerprint_where_they_say_the_same",
        (Edit("consumer/events/identity.py", 'order="sorted"', "order=None"),),
    ),
    Mutant(
        "Kafka's time is part of an event's fingerprint",
        f"{IDENTITY}::test_the_time_counts_by_its_instant_and_kafkas_does_not",
        (
            Edit(
                "consumer/events/identity.py",
                "at_ms = event.time_ms if has_own_time else None",
                "at_ms = event.time_ms",
            ),
        ),
    ),
    Mutant(
        "unknown fields that are kept as text are no part of an event's fingerprint",
        f"{IDENTITY}::test_any_other_content_has_another_one",
        (Edit("consumer/events/identity.py", "content += canonical(event.unknown_json)", "pass"),),
    ),
    Mutant(
        "a header's id takes the place of the event's own",
        f"{IDENTITY}::test_a_header_gives_an_id_to_an_event_without_one_alone",
        (
            Edit(
                "consumer/events/decode.py",
                "if header_id is not None and event.identity is None:",
                "if header_id is not None:",
            ),
        ),
    ),
    Mutant(
        "the first of several headers gives the id, not the last",
        f"{EVENTS}/test_headers.py::test_the_last_header_of_the_name_counts",
        (Edit("consumer/events/message.py", "reversed(headers_of(message))", "headers_of(message)"),),
    ),
)
