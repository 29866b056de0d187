"""What was found, in words: for the terminal, and as a page of Markdown with plots beside it.

Results are kept as JSON, and everything here is made from that alone:

    {"started", "seconds", "command", "rounds", "is_small", "machine": {},
     "targets": {NAME: {"label", "promise", "version"}},
     "scenarios": {NAME: {"numbers": {TARGET: {}}, "rounds": [{TARGET: {FIGURE: VALUE}}], "failures": {TARGET: TEXT}}}}
"""

import pathlib
import statistics

import plots
from scenarios import SCENARIOS, Figure
from targets import TARGETS


def values(scenario: dict, target: str, figure: Figure) -> list[float]:
    """Of the rounds that have it, in the figure's unit."""
    found = [turn[target].get(figure.key) for turn in scenario["rounds"] if target in turn]
    return [value * figure.scale for value in found if value is not None]


def ratios(scenario: dict, own: str, peer: str, figure: Figure) -> list[float]:
    """Livelog's by the peer's, of each round by itself."""
    turns = [(turn[own].get(figure.key), turn[peer].get(figure.key))
             for turn in scenario["rounds"] if own in turn and peer in turn]
    return [ours / theirs for ours, theirs in turns if ours is not None and theirs]


def spread(found: list[float]) -> str:
    """The median, and from where to where all are."""
    if not found:
        return "–"
    median = plots.number(statistics.median(found))
    return f"{median} [{plots.number(min(found))} to {plots.number(max(found))}]" if len(found) > 1 else median


def measured(scenario: dict) -> list[str]:
    return [target for target in scenario["numbers"] if any(target in turn for turn in scenario["rounds"])]


def pairs(scenario: dict) -> list[tuple[str, str]]:
    """Each of Livelog's ways with each peer."""
    names = measured(scenario)
    return [(own, peer) for own in names if TARGETS[own].is_livelog
            for peer in names if not TARGETS[peer].is_livelog]


def shown(name: str, scenario: dict) -> list[Figure]:
    return [figure for figure in SCENARIOS[name].figures
            if any(values(scenario, target, figure) for target in measured(scenario))]


def hint(scenario: dict, target: str) -> str:
    """The numbers by which a target is loaded otherwise than most are."""
    numbers = scenario["numbers"]
    own = []
    for key, value in numbers[target].items():
        all_values = [other.get(key) for other in numbers.values()]
        usual = max(all_values, key=all_values.count)
        if key in ("window", "rate", "sockets", "seconds") and value != usual:
            own.append(f"{key} {value:,}")
    return ", ".join(own)


def label(scenario: dict, target: str) -> str:
    other = hint(scenario, target)
    return TARGETS[target].label + (f" ({other})" if other else "")


# For the terminal.

def tell(name: str, scenario: dict) -> str:
    lines = [f"\n{name}: {SCENARIOS[name].title}"]
    width = max((len(label(scenario, target)) for target in measured(scenario)), default=0)
    for figure in shown(name, scenario):
        lines.append(f"  {figure.title} ({figure.is_better_if} is better)")
        for target in measured(scenario):
            found = [(own, ratios(scenario, own, target, figure))
                     for own, peer in pairs(scenario) if peer == target]
            words = "; ".join(f"{TARGETS[own].label} {spread(ratio)} times" for own, ratio in found if ratio)
            lines.append(f"    {label(scenario, target):{width}}  {spread(values(scenario, target, figure))}"
                         + (f"   ({words})" if words else ""))
    lines += [f"  FAILED: {label(scenario, target)}: {text}" for target, text in scenario["failures"].items()]
    return "\n".join(lines)


# As a page.

def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def figures_table(name: str, scenario: dict) -> str:
    figures = shown(name, scenario)
    rows = [[label(scenario, target), *(spread(values(scenario, target, figure)) for figure in figures)]
            for target in measured(scenario)]
    return table(["", *(figure.title for figure in figures)], rows)


def ratios_table(name: str, scenario: dict) -> str:
    figures = [figure for figure in shown(name, scenario)
               if any(ratios(scenario, *pair, figure) for pair in pairs(scenario))]
    rows = [[f"{TARGETS[own].label} / {label(scenario, peer)}",
             *(spread(ratios(scenario, own, peer, figure)) for figure in figures)] for own, peer in pairs(scenario)]
    return table(["", *(f"{figure.label} ({figure.is_better_if} is better)" for figure in figures)], rows)


def numbers_text(scenario: dict) -> str:
    """What all targets of the scenario have the same, then what some have by themselves."""
    numbers = scenario["numbers"]

    def text(value) -> str:
        return f"{value:,}" if isinstance(value, (int, float)) else str(value)

    common = {key: value for key, value in next(iter(numbers.values())).items()
              if all(other.get(key) == value for other in numbers.values())}
    parts = [", ".join(f"{key} {text(value)}" for key, value in common.items())]
    for target, found in numbers.items():
        own = ", ".join(f"{key} {text(value)}" for key, value in found.items() if key not in common)
        if own:
            parts.append(f"{TARGETS[target].label}: {own}")
    return "; ".join(filter(None, parts))


def bar_style(target: str) -> str:
    if TARGETS[target].is_livelog:
        return "own" if target == "livelog" else "own2"
    return "floor" if target == "floor" else "peer"


def plot(name: str, scenario: dict, figure: Figure) -> str | None:
    rows = [plots.Bar(TARGETS[target].label, values(scenario, target, figure), bar_style(target),
                      hint(scenario, target)) for target in measured(scenario)]
    rows = [row for row in rows if row.values]
    if len(rows) < 2:
        return None
    counts = {len(row.values) for row in rows}
    rounds = f"median of {max(counts)} rounds, from least to most" if counts != {1} else "one round"
    return plots.bars(f"{SCENARIOS[name].title}: {figure.label}", f"{figure.is_better_if} is better; {rounds}",
                      figure.unit or figure.label.rpartition(": ")[2], rows)


def machine_text(facts: dict) -> str:
    names = {
        "processor": "processor", "architecture": "architecture", "cores": "cores", "memory_bytes": "memory",
        "system": "system", "kernel": "kernel", "virtualisation": "virtual machine or container",
        "file_system": "file system of the servers' files", "sync_us": "a sync of 4 KiB there, median",
        "load_average": "load average at the start",
    }
    texts = {**facts, "memory_bytes": f"{facts['memory_bytes'] / 2**30:.1f} GiB",
             "sync_us": f"{plots.number(facts['sync_us'])} µs", "load_average": f"{facts['load_average']:.2f}"}
    return table(["machine", ""], [[name, str(texts[key])] for key, name in names.items()])


INTRODUCTION = """\
Livelog beside what one would otherwise run. All targets of a scenario ran on one machine, whose cores the server and
the load generator share, one at a time: in each round each target ran once, from a new server with nothing in it, and
the order rotated from round to round, so that what else the machine did met all of them. All went over loopback.

Every figure is the median of the rounds, with [the least to the most]. A ratio is Livelog's figure by the peer's, taken
in each round by itself, and then the median: 0.50 of processor seconds is half of what the peer uses, 2.0 of records a
second is twice as many. **Processor seconds are the figures to compare**: rates and latencies are those of this machine
while it did what else it had to do. Each delivery and record is counted and its place in the order checked by the load
generator; one that is lost, comes twice or out of order makes the run a failure, which is told and not counted.
"""


def write(results: dict, page: pathlib.Path):
    """The page, and its plots in a folder of the same name beside it."""
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    parts = [
        f"# Livelog compared, {results['started'][:10]}",
        INTRODUCTION.strip(),
        f"Made by `{results['command']}`: rounds: {results['rounds']}, begun: {results['started']}, "
        f"minutes: {results['seconds'] / 60:.0f}. The raw rounds are in [{page.stem}.json]({page.stem}.json)."
        + (" **This was a small run, to see that everything works: its figures say nothing.**"
           if results["is_small"] else ""),
        "## What ran", machine_text(results["machine"]),
        table(["target", "version", "when a change counts as taken"],
              [[target["label"], target["version"], target["promise"]] for target in results["targets"].values()]),
    ]
    seen: dict[str, Figure] = {}
    for name, scenario in results["scenarios"].items():
        about = SCENARIOS[name]
        parts += [f"## {about.title}", about.description, f"Numbers: {numbers_text(scenario)}."]
        if measured(scenario):
            parts.append(figures_table(name, scenario))
        if pairs(scenario):
            parts += ["Livelog by each peer:", ratios_table(name, scenario)]
        parts += [f"**Failed**: {label(scenario, target)}: {text}" for target, text in scenario["failures"].items()]
        parts += about.notes
        for figure in shown(name, scenario):
            seen[figure.label] = figure
            drawing = plot(name, scenario, figure) if figure.is_drawn else None
            if drawing:
                path = folder / f"{name}-{figure.key.replace('_', '-')}.svg"
                path.write_text(drawing)
                parts.append(f"![{about.title}: {figure.label}]({folder.name}/{path.name})")
    parts += ["## What the figures mean",
              "\n".join(f"- {figure.title}: {figure.meaning}." for figure in seen.values())]
    page.write_text("\n\n".join(parts) + "\n")
