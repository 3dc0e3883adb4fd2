"""Defects of the answers for dashboards: of their spans, the moment that they show, names and buckets."""

from tests.mutants.mutant import Edit, Mutant

SPANS = "tests/integration/api/reads/test_spans_model.py"
SERIES = "tests/integration/api/reads/test_series_model.py"
MOMENT = "tests/integration/api/reads/test_one_moment.py"
BINS = "tests/integration/api/web/test_distribution_limit.py"
ROUTES = "tests/integration/api/web/test_dashboard_routes.py"
ROWS = "tests/unit/api/reads/test_spans.py"
CALENDAR = "tests/unit/api/reads/test_calendar.py"

MUTANTS = (
    Mutant(
        "sealed days and hours are read at two moments",
        f"{MOMENT}::test_all_reads_of_one_moment_see_what_the_first_one_saw",
        (Edit("api/reads/database.py", "start_session(snapshot=True)", "start_session()"),),
    ),
    Mutant(
        "late events of sealed days are not looked for",
        f"{SPANS}::test_windows_and_comparisons_equal_the_model",
        (
            Edit(
                "api/reads/spans/division.py",
                "hours=dict(sorted((of_cut_minutes | _pieces(HOURS, cuts)).items())),",
                "hours=dict(sorted((of_cut_minutes | _pieces(HOURS, [max(c, sealed_before) for c in cuts])).items())),",
            ),
        ),
    ),
    Mutant(
        "an hour of which only the last minute is cut is not read",
        f"{SPANS}::test_any_cuts_equal_the_model",
        (Edit("api/reads/spans/division.py", "(of_cut_minutes | _pieces(HOURS, cuts))", "_pieces(HOURS, cuts)"),),
    ),
    Mutant(
        "of a day that a cut divides, one bucket gets the whole",
        f"{SPANS}::test_any_cuts_equal_the_model",
        (Edit("api/reads/spans/unit_rows.py", "of_piece = of_piece.less(_of_cells(row, begin, end, fields))", "pass"),),
    ),
    Mutant(
        "the second at which one bucket ends and the next begins counts in both",
        f"{SPANS}::test_any_cuts_equal_the_model",
        (Edit("api/reads/spans/reader.py", "if first <= second < stop]", "if first <= second <= stop]"),),
    ),
    Mutant(
        "of a batch by ids, only the first product's cut minutes are read",
        f"{SPANS}::test_windows_and_comparisons_equal_the_model",
        (
            Edit(
                "api/reads/spans/reader.py",
                "counts = _cut_counts(rows, division)",
                "counts = _cut_counts(rows[:1], division)",
            ),
        ),
    ),
    Mutant(
        "a window gets the whole of the hour in which it begins",
        f"{ROWS}::test_of_the_hour_in_which_a_window_begins_its_row_has_the_rest",
        (
            Edit(
                "api/reads/spans/bucket_rows.py",
                'return {"$subtract": [{"$sum": [f"${name}"]}, _of_cells(level, beside, name)]}',
                'return {"$sum": [f"${name}"]}',
            ),
        ),
    ),
    Mutant(
        "a comparison ends with the present second, although the as-of is older",
        f"{ROUTES}::test_totals_are_compared_with_the_time_before",
        (
            Edit(
                "api/reads/spans/comparison.py",
                "end = min(end, milliseconds(datetime.fromisoformat(at.as_of)) // 1000)",
                "pass",
            ),
        ),
    ),
    Mutant(
        "a comparison of 30 days ends with the last full hour",
        f"{ROUTES}::test_totals_are_compared_with_the_time_before",
        (Edit("api/reads/spans/comparison.py", "end -= end % DAYS.cell", "end -= end % (4 * DAYS.cell)"),),
    ),
    Mutant(
        "where partitions disagree, the newest stored name counts, although a later sale had another",
        f"{SERIES}::test_products_and_distributions_equal_the_model",
        (
            Edit(
                "api/reads/products/newest.py",
                "name = newest.name if newest is not None and newest.name is not None else latest",
                "name = latest",
            ),
        ),
    ),
    Mutant(
        "a distribution leaves ratings out that an older consumer counted in no bin",
        f"{BINS}::test_ratings_in_no_bin_are_counted_from_few_raw_events_and_refused_among_many",
        (
            Edit(
                "api/reads/products/distribution.py",
                'missing = counts["ratings"] - sum(in_bins(counts))',
                "missing = 0",
            ),
            Edit(
                "api/reads/products/distribution.py",
                "if sum(in_bins(counts)) == ratings or",
                "if ratings or",
            ),
        ),
    ),
    Mutant(
        "a distribution leaves out the seconds of the minute in which its window begins",
        f"{BINS}::test_a_window_begins_at_its_second",
        (
            Edit(
                "api/reads/products/window_bins.py",
                "counts.update(await raw_bins(mongo, product, begin * 1000, (minute + 1) * 60_000))",
                "pass",
            ),
        ),
    ),
    Mutant(
        "a bucket of the calendar goes on where clocks are set within it",
        f"{CALENDAR}::test_borders_are_where_the_clocks_show_another_bucket",
        (
            Edit(
                "api/reads/spans/calendar.py",
                "return begin if _offset(zone, begin) == offset else _shift(zone, begin, second)",
                "return begin",
            ),
        ),
    ),
)
