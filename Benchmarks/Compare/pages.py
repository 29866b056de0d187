"""Pages of --micro and --growth: made from results alone, printed, and kept by their day."""

import datetime
import json
import os
import pathlib
import shlex
import sys
from dataclasses import dataclass, field

import machine
import report
from servers import ROOT
from targets import say


@dataclass
class Page:
    """`parts` are of Markdown, `drawings` SVGs by their names."""

    title: str
    introduction: str
    parts: list[str]
    drawings: dict[str, str] = field(default_factory=dict)


def place(options) -> pathlib.Path:
    """Where files are written that are measured: on a disk, where temporary files may not be."""
    directory = options.directory or ROOT / ".build"
    directory.mkdir(exist_ok=True)
    return directory


def begin(options, directory: pathlib.Path) -> dict:
    """What results have in common, before anything is measured."""
    return {
        "started": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "command": shlex.join(["tools/compare", *sys.argv[1:]]),
        "rounds": options.rounds,
        "is_small": options.once,
        "commit": machine.commit(),
        "machine": machine.facts(directory),
    }


def table(heads: list[str], rows: list[list[str]]) -> str:
    """In Markdown, and in columns, so that it can be read as it is."""
    widths = [max(map(len, cells)) for cells in zip(heads, *rows)]

    def text(cells: list[str]) -> str:
        # Words are to the left, figures to the right.
        padded = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:])]
        return "| " + " | ".join([cells[0].ljust(widths[0]), *padded]) + " |"

    rule = [("-" * (width - 1) + ":" if i > 0 else "-" * width) for i, width in enumerate(widths)]
    return "\n".join([text(heads), text(rule), *map(text, rows)])


def keep(options, results: dict, name: str, page: Page):
    """Prints the results, and writes them as DATE-NAME.md and DATE-NAME.json, or as DATE-NAME-2 and so on."""
    seconds = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(results["started"])
    results["seconds"] = round(seconds.total_seconds())
    print(json.dumps(results) if options.format == "json" else "\n\n".join(page.parts))
    if not options.results:
        return
    options.results.mkdir(parents=True, exist_ok=True)
    stem = path_stem = f"{results['started'][:10]}-{name}"
    number = 1
    while (path := options.results / f"{path_stem}.md").exists():
        number += 1
        path_stem = f"{stem}-{number}"
    path.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
    made = (f"Made by `{results['command']}`, rounds: {results['rounds']}, begun {results['started']}, done in "
            f"{results['seconds'] / 60:.0f} minutes, at commit {results['commit']}. The raw rounds are in "
            f"[{path_stem}.json]({path_stem}.json).")
    if results["is_small"]:
        made += " **This was a small run, to see that everything works: its figures say nothing.**"
    pictures = []
    for drawing, text in page.drawings.items():
        folder = path.with_suffix("")
        folder.mkdir(exist_ok=True)
        (folder / f"{drawing}.svg").write_text(text)
        pictures.append(f"![{drawing}]({path_stem}/{drawing}.svg)")
    parts = [f"# {page.title}, {results['started'][:10]}", page.introduction.strip(), made,
             report.machine_text(results["machine"]), *page.parts, *pictures]
    path.write_text("\n\n".join(parts) + "\n")
    say(f"wrote {os.path.relpath(path)}")
