"""Plots as SVG texts that need nothing else: bars with whiskers from least to most, and lines.

Each brings its own background and follows the reader's choice of light or dark.
"""

import math
import statistics
from dataclasses import dataclass, field
from html import escape

WIDTH = 760
MARGIN = 24
LETTER = 7.4  # pixels of an average letter of 13 pixels, by which room is reserved
LOG_FROM = 12  # the most by the least from which an axis is logarithmic

LIGHT = {
    "back": "#ffffff", "edge": "#d9dee5", "text": "#18202b", "soft": "#5a6573", "grid": "#e6eaef",
    "own": "#0a5fd0", "own2": "#7fb2f2", "peer": "#a3adb9", "floor": "#ffffff",
    "s0": "#0a5fd0", "s1": "#c2570c", "s2": "#18794e", "s3": "#9a2c8e", "s4": "#8a6d00", "s5": "#5a6573",
}
DARK = {
    "back": "#12161d", "edge": "#2b333e", "text": "#e8ecf2", "soft": "#9ba7b5", "grid": "#252d37",
    "own": "#4f9dff", "own2": "#2d5f9f", "peer": "#66727f", "floor": "#12161d",
    "s0": "#4f9dff", "s1": "#f59a52", "s2": "#4cc38a", "s3": "#dd7bd0", "s4": "#d9b93b", "s5": "#9ba7b5",
}
SERIES = ["s0", "s1", "s2", "s3", "s4", "s5"]
MARKS = ["circle", "square", "diamond", "triangle", "circle", "square"]


@dataclass(frozen=True)
class Bar:
    """`values` are of the rounds; the bar ends at their median. `style`: own, own2, peer or floor."""

    label: str
    values: list[float]
    style: str = "peer"
    hint: str = ""


@dataclass
class Axis:
    """From values to pixels."""

    low: float
    high: float
    begin: float
    end: float
    is_log: bool
    ticks: list[float] = field(default_factory=list)
    small_ticks: list[float] = field(default_factory=list)

    def at(self, value: float) -> float:
        if self.is_log:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)


def number(value: float) -> str:
    """Three digits that count, and a thousand in groups: 0.160, 11.2, 4,512, 7.10 M."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 999_500:
        return f"{number(value / 1e6)} M" if size < 999.5e6 else f"{value / 1e6:,.0f} M"
    if size >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.{2 - math.floor(math.log10(size * 1.0005))}f}" if size >= 0.001 else f"{value:.2g}"


def tick_text(value: float) -> str:
    for size, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:g}{name}"
    return f"{value:g}"


def linear_axis(high: float, begin: float, end: float) -> Axis:
    """From zero to a round number that is not below `high`."""
    high = high or 1
    step = 10 ** math.floor(math.log10(high / 4))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if high / (step * factor) <= 5)
    count = math.ceil(high / step - 1e-9)
    return Axis(0, count * step, begin, end, False, [i * step for i in range(count + 1)])


def log_axis(low: float, high: float, begin: float, end: float, is_from_decade: bool) -> Axis:
    """Around all values; `is_from_decade` begins it below the least value, so that its bar can be seen."""
    first = math.floor(math.log10(low))
    if is_from_decade and low / 10**first < 1.5:
        first -= 1
    steps = [factor * 10.0**power for power in range(first, math.ceil(math.log10(high)) + 1) for factor in (1, 2, 5)]
    top = next(step for step in steps if step >= high * 0.999)
    bottom = 10.0**first if is_from_decade else max(step for step in steps if step <= low * 1.001)
    if top <= bottom:
        top = bottom * 10
    shown = [step for step in steps if bottom * 0.999 <= step <= top * 1.001]
    decades = [step for step in shown if abs(math.log10(step) - round(math.log10(step))) < 1e-9]
    ticks = decades if len(decades) > 2 else shown
    every = math.ceil(len(ticks) / 8)
    small = [factor * 10.0**power for power in range(first, math.ceil(math.log10(top)) + 1) for factor in range(2, 10)]
    small = [step for step in small if bottom < step < top]
    return Axis(bottom, top, begin, end, True, ticks[::every], small)


def style() -> str:
    def rules(colours: dict) -> str:
        return "".join(f".f-{name}{{fill:{colour}}}.s-{name}{{stroke:{colour}}}" for name, colour in colours.items())

    return (
        "<style>text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
        "font-variant-numeric:tabular-nums}"
        f"{rules(LIGHT)}@media (prefers-color-scheme:dark){{{rules(DARK)}}}</style>")


def words(x: float, y: float, content: str, colour: str = "text", size: float = 13, anchor: str = "start",
          weight: int = 400, more: str = "") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="f-{colour}" font-size="{size}" text-anchor="{anchor}" '
            f'font-weight="{weight}"{more}>{escape(content)}</text>')


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="s-{colour}" '
            f'stroke-width="{width}"/>')


def page(height: float, title: str, subtitle: str, parts: list[str]) -> str:
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {WIDTH} {height:.0f}" role="img">',
        f"<title>{escape(title)}</title>", style(),
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:.0f}" rx="8" class="f-back s-edge"/>',
        words(MARGIN, 34, title, size=17, weight=600), words(MARGIN, 54, subtitle, "soft", 12.5),
        *parts, "</svg>\n"])


def bars(title: str, subtitle: str, unit: str, rows: list[Bar], is_log: bool | None = None) -> str:
    """A bar for each row, to the median, a whisker from least to most, and the median in words.

    The axis is logarithmic if the values span much, unless `is_log` says otherwise.
    """
    medians = [statistics.median(row.values) for row in rows]
    lows = [min(row.values) for row in rows]
    highs = [max(row.values) for row in rows]
    if is_log is None:
        is_log = min(medians) > 0 and max(medians) / min(medians) >= LOG_FROM
    is_log = is_log and min(lows) > 0
    left = MARGIN + 12 + LETTER * max(max(len(row.label), 0.85 * len(row.hint)) for row in rows)
    right = WIDTH - MARGIN - 12 - LETTER * max(len(number(median)) for median in medians)
    if is_log:
        axis = log_axis(min(lows), max(highs), left, right, is_from_decade=True)
    else:
        axis = linear_axis(max(highs), left, right)
    row_height, top = 36, 76
    bottom = top + row_height * len(rows) + 4

    parts = [line(axis.at(tick), top, axis.at(tick), bottom, "grid") for tick in axis.ticks]
    for i, row in enumerate(rows):
        middle = top + row_height * (i + 0.5) + 2
        weight = 600 if row.style.startswith("own") else 400
        parts.append(words(left - 10, middle + (4.5 if not row.hint else -1), row.label, anchor="end", weight=weight))
        if row.hint:
            parts.append(words(left - 10, middle + 12, row.hint, "soft", 11, "end"))
        end = axis.at(medians[i])
        outline = ' class="f-floor s-peer" stroke-width="1.5" stroke-dasharray="4 3"'
        parts.append(
            f'<rect x="{left:.1f}" y="{middle - 10:.1f}" width="{max(end - left, 1):.1f}" height="20" rx="2"'
            + (outline if row.style == "floor" else f' class="f-{row.style}"') + "/>")
        low, high = axis.at(lows[i]), axis.at(highs[i])
        if len(row.values) > 1 and high - low > 1:
            for colour, width in (("back", 4), ("text", 1.5)):  # with a rim, to be seen on a bar
                parts.append(line(low, middle, high, middle, colour, width))
                parts += [line(x, middle - 5, x, middle + 5, colour, width) for x in (low, high)]
        parts.append(words(max(end, high) + 9, middle + 4.5, number(medians[i]), weight=weight))
    parts.append(line(left, top, left, bottom, "soft"))
    parts += [words(axis.at(tick), bottom + 17, tick_text(tick), "soft", 11.5, "middle") for tick in axis.ticks]
    scale = ", logarithmic" if is_log else ""
    parts.append(words((left + right) / 2, bottom + 37, unit + scale, "soft", 12, "middle"))
    return page(bottom + 52, title, subtitle, parts)


def mark(shape: str, x: float, y: float, colour: str) -> str:
    common = f'class="f-{colour} s-back" stroke-width="1.5"'
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" {common}/>'
    corners = {
        "square": [(-4, -4), (4, -4), (4, 4), (-4, 4)],
        "diamond": [(0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)],
        "triangle": [(0, -5.5), (5, 4), (-5, 4)],
    }[shape]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" {common}/>'


def spread(places: list[float], gap: float, low: float, high: float) -> list[float]:
    """Moves places apart so that none is nearer than `gap` to the next, as little as need be; in the order given."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [0.0] * len(places)
    at = low - gap
    for i in order:
        at = moved[i] = max(places[i], at + gap)
    at = high + gap
    for i in reversed(order):
        at = moved[i] = min(moved[i], at - gap)
    return moved


def lines(title: str, x_label: str, y_label: str, series: dict[str, list[tuple[float, float]]], log: bool = True,
          subtitle: str = "") -> str:
    """A line for each series, named at its end. With `log` both axes are logarithmic, where only values above zero
    can be drawn."""
    series = {name: sorted(p for p in points if not log or min(p) > 0) for name, points in series.items()}
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    if not xs:
        raise ValueError(f"there is nothing to draw in {title}")
    top, bottom, left = 84.0, 400.0, MARGIN + 44.0
    right = WIDTH - MARGIN - 16 - LETTER * max(map(len, series))
    if log:
        x_axis = log_axis(min(xs), max(xs), left, right, is_from_decade=False)
        y_axis = log_axis(min(ys), max(ys), bottom, top, is_from_decade=False)
    else:
        x_axis, y_axis = linear_axis(max(xs), left, right), linear_axis(max(ys), bottom, top)

    parts = [line(x_axis.at(x), top, x_axis.at(x), bottom, "grid") for x in x_axis.ticks]
    parts += [line(left, y_axis.at(y), right, y_axis.at(y), "grid") for y in y_axis.ticks]
    parts += [line(x_axis.at(x), bottom, x_axis.at(x), bottom + 3, "soft") for x in x_axis.small_ticks]
    parts += [line(left - 3, y_axis.at(y), left, y_axis.at(y), "soft") for y in y_axis.small_ticks]
    parts += [line(left, top, left, bottom, "soft"), line(left, bottom, right, bottom, "soft")]
    parts += [words(x_axis.at(x), bottom + 19, tick_text(x), "soft", 11.5, "middle") for x in x_axis.ticks]
    parts += [words(left - 9, y_axis.at(y) + 4, tick_text(y), "soft", 11.5, "end") for y in y_axis.ticks]
    parts.append(words((left + right) / 2, bottom + 41, x_label, "soft", 12, "middle"))
    parts.append(words(left - 44, top - 12, y_label + (", both axes logarithmic" if log else ""), "soft", 12))
    drawn = {name: points for name, points in series.items() if points}
    ends = spread([y_axis.at(points[-1][1]) for points in drawn.values()], 16, top, bottom)
    for i, (name, points) in enumerate(drawn.items()):
        colour, shape = SERIES[i % len(SERIES)], MARKS[i % len(MARKS)]
        places = [(x_axis.at(x), y_axis.at(y)) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" class="s-{colour}" stroke-width="2"/>')
        parts += [mark(shape, x, y, colour) for x, y in places]
        x, y = places[-1]
        if abs(ends[i] - y) > 6 or right - x > 8:  # the name is away from its line
            parts.append(line(x + 6, y, right + 6, ends[i], colour, 0.75))
        parts.append(words(right + 10, ends[i] + 4.5, name, colour, weight=600))
    return page(bottom + 58, title, subtitle, parts)
