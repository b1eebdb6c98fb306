"""Numbers of finished runs as a table: medians, spreads, and ratios inside one round."""

from __future__ import annotations

import os
import platform
import statistics
from importlib import metadata
from typing import Any

import peers

PACKAGES = ("parquetframe", "pandas", "pyarrow", "polars", "duckdb", "datafusion", "fastavro")


def about(size: str) -> dict[str, Any]:
    """Machine and versions."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "size": size,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions,
    }


def heading(result: dict[str, Any]) -> str:
    """What the tables were measured with."""
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    left_out = "".join(f"- {text}\n" for text in result["skipped"])
    return (
        f"Data: {result['size']}. {result['cores']} cores, {result['machine']}, "
        f"Python {result['python']}; {versions}. Results equal before any was timed.\n{left_out}\n"
    )


def ratios(document: dict[str, Any], name: str) -> list[float]:
    """How many times longer a contestant took than the base, round by round.

    Args:
        document: One case.
        name: The contestant.

    Returns:
        One ratio per round; above 1 where the base is faster.
    """
    walls = {one["name"]: [run["wall_s"] for run in one["runs"]] for one in document["contestants"]}
    base = walls[_base(document)]
    # A contestant may leave after some rounds, never join late.
    return [other / ours for other, ours in zip(walls[name], base, strict=False)]


def _base(document: dict[str, Any]) -> str:
    """Our best setting; without us, the fastest contestant."""
    entries = [one for one in document["contestants"] if one["peer"] != peers.FLOOR]
    ours = [one for one in entries if one["peer"] == peers.OURS]
    return str(min(ours or entries, key=_median_wall)["name"])


def _median_wall(one: dict[str, Any]) -> float:
    return float(statistics.median(run["wall_s"] for run in one["runs"]))


def best_settings(document: dict[str, Any]) -> set[str]:
    """The faster setting of every peer."""
    fastest: dict[str, dict[str, Any]] = {}
    for one in document["contestants"]:
        if one["peer"] == peers.FLOOR:
            continue
        if one["peer"] not in fastest or _median_wall(one) < _median_wall(fastest[one["peer"]]):
            fastest[one["peer"]] = one
    return {one["name"] for one in fastest.values()}


def markdown(document: dict[str, Any]) -> str:
    """The table of one case; the setting that counts for its peer is bold.

    Args:
        document: One case with all its runs.

    Returns:
        Markdown text.
    """
    entries = document["contestants"]
    best, base = best_settings(document), _base(document)
    per_call = document["calls"]
    unit, scale = ("us a call", 1e6 / per_call) if per_call > 1 else ("s", 1.0)
    sized = any(one["file_bytes"] for one in entries)
    head = ["contestant", f"median {unit}", "min", "max", "CPU s", "peak MB", "faults k"]
    head += [f"time / {base}", "spread", *(["file MB"] if sized else [])]
    measured = (
        f"{document['threads']} thread(s), {document['cache']} cache, "
        f"{document['source_bytes'] / 1e6:,.0f} MB, {_rounds(document)} rounds, "
        f"load {document['load'][0]:.1f} to {document['load'][1]:.1f}"
    )
    lines = [
        f"### {document['title']} ({document['case']})",
        "",
        measured,
        "",
        f"| {' | '.join(head)} |",
        f"|---|{'---:|' * (len(head) - 1)}",
    ]
    for one in sorted(entries, key=_median_wall):
        walls = [run["wall_s"] * scale for run in one["runs"]]
        against = ratios(document, one["name"])
        cells = [
            f"**{one['name']}**" if one["name"] in best else one["name"],
            *(f"{value:.4g}" for value in (statistics.median(walls), min(walls), max(walls))),
            f"{_median(one, 'cpu_s'):.2f}",
            f"{_median(one, 'peak_bytes') / 1e6:,.0f}",
            f"{_median(one, 'minor_faults') / 1e3:,.0f}",
            f"{statistics.median(against):.2f}",
            f"{min(against):.2f}-{max(against):.2f}",
        ]
        if sized:
            cells.append(f"{one['file_bytes'] / 1e6:,.1f}")
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *(f"- {note}" for note in document["notes"]), ""]
    return "\n".join(lines)


def _rounds(document: dict[str, Any]) -> int:
    return max(len(one["runs"]) for one in document["contestants"])


def _median(one: dict[str, Any], key: str) -> float:
    return float(statistics.median(run[key] for run in one["runs"]))
