"""Three processes of one group against one."""

from bench.lab.laboratory import Lab
from bench.lab.topics import publish
from bench.measures.consume import HEADER, OURS, figures, race, rate
from bench.options import Options
from bench.peers.ours import Ours
from bench.results.ratios import ratio
from bench.results.report import Row, Section

PROCESSES = 3


def measure(lab: Lab, options: Options) -> Section:
    """Throughput, and MongoDB's count of write conflicts, which must stay 0."""
    several = Ours(PROCESSES)
    outcomes = race(lab, publish(lab, options.events, options.products), [OURS, several], options)
    conflicts = sum(outcome.write_conflicts for runs in outcomes.values() for outcome in runs)
    reached = ratio(outcomes, several.name, OURS.name, rate)
    section = Section(f"{PROCESSES} processes of one group", header=HEADER, figures=figures(outcomes))
    section.rows = [
        Row(f"{PROCESSES} processes against one, while processor is left", "report", f"{reached.text()}×"),
        Row("… write conflicts", "0", f"{conflicts}", "no" if conflicts else "yes"),
    ]
    section.remarks.append("The rates of several processes include their joining the group one after another.")
    return section
