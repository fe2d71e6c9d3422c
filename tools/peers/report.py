"""A run as a table, as JSON, and as a chart."""

import json
from pathlib import Path

import chart
from rows import LINES, OURS, Line

# Rows whose tools write files, each of its own size.
SIZES = ("size", "export")
TOOLS = [OURS, "rasteret", "rasterio", "async-geotiff", "duckdb"]


def write(results: dict, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = markdown(results)
    (folder / "peers.md").write_text(text)
    (folder / "peers.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "peers.svg").write_text(chart.svg(bars(results), caption(results)))
    print(f"\n{text}")


def markdown(results: dict) -> str:
    tools = [tool for tool in TOOLS if any(tool in row for row in results["rows"].values())]
    versions = results["versions"]
    heads = [f"{tool} {versions[tool]}" if tool in versions else tool for tool in tools]
    lines = ["# Side by side with its peers", "", caption(results), "", "![chart](peers.svg)", ""]
    lines += ["| work | " + " | ".join(heads) + " | target | reached |", "| --- |" + " --- |" * (len(tools) + 2)]
    for line in LINES:
        if row := results["rows"].get(line.row):
            cells = [cell(line, row.get(tool)) for tool in tools]
            lines.append(f"| {line.title} | {' | '.join(cells)} | {' | '.join(verdict(line, row))} |")
    lines += ["", *floors(results), *differences(results), ""]
    return "\n".join(lines)


def caption(results: dict) -> str:
    machine = results["machine"]
    return (
        f"{results['date'][:10]}, {machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, load {machine['load_at_the_end']} at the end. "
        f"Medians of {results['repetitions']} rounds in which each tool ran once, in turn."
    )


def figure(line: Line, measurement: dict | None) -> float | None:
    if not measurement or "error" in measurement:
        return None
    if line.figure.startswith("output."):
        return measurement["output"][line.figure.removeprefix("output.")]
    if line.figure.startswith("per_second."):
        return measurement["output"][line.figure.removeprefix("per_second.")] / measurement["median"]["seconds"]
    return measurement["median"].get(line.figure)


def cell(line: Line, measurement: dict | None) -> str:
    if measurement is None:
        return "–"
    if "error" in measurement:
        error = measurement["error"]
        return "not yet" if error.startswith("not yet") else f"fails: {error[:80]}".replace("|", "/")
    value = figure(line, measurement)
    return "–" if value is None else quantity(value, line.unit)


def quantity(value: float, unit: str) -> str:
    match unit:
        case "s":
            return seconds(value)
        case "MB":
            return f"{value / 1e6:.1f} MB" if value < 1e7 else f"{value / 1e6:.0f} MB"
        case _:
            return f"{value:,.0f}"


def seconds(value: float) -> str:
    for factor, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= factor:
            break
    return f"{value / factor:.3g} {unit}"


def verdict(line: Line, row: dict) -> tuple[str, str]:
    """What is aimed at, and how far it is reached."""
    values = {tool: value for tool, m in row.items() if (value := figure(line, m)) is not None}
    ours = values.get(OURS)
    targets, reached = [], []
    for target in line.targets:
        limit = target.limit(values)
        if target.at_most is not None:
            targets.append(f"≤ {quantity(target.at_most, line.unit)}")
        else:
            than = " or ".join(target.than) or "the best peer"
            targets.append(f"1/{target.times:g} of {than}" if target.times != 1 else f"≤ {than}")
        if ours is None or limit is None:
            reached.append("–")
        else:
            best = "" if target.at_most is not None else f" (1/{times(limit * target.times / ours)})"
            reached.append(("yes" if ours <= limit else "**no**") + best)
    return "; ".join(targets) or "", "; ".join(reached) or ""


def times(factor: float) -> str:
    return f"{factor:.1f}" if factor < 20 else f"{factor:.0f}"


def floors(results: dict) -> list[str]:
    """What the machine allows."""
    rows, lines = results["rows"], []
    if inflate := rows.get("inflate", {}).get("floor", {}).get("median"):
        lines.append(f"libdeflate alone on the 64 tiles of the AOI read: {inflate['seconds']:.3f} core-seconds.")
    if raw := rows.get("raw_http", {}).get("floor", {}):
        if "median" in raw:
            rate = raw["output"]["bytes"] / raw["median"]["seconds"] / 1e9
            lines.append(
                f"The server alone: those tiles by 16 plain connections in {seconds(raw['median']['seconds'])}, "
                f"{rate:.1f} GB/s."
            )
    return [*lines, ""] if lines else []


def differences(results: dict) -> list[str]:
    """Where tools did not give the same."""
    lines = []
    for name, row in results["rows"].items():
        outputs = {tool: m["output"] for tool, m in row.items() if "output" in m and name not in SIZES}
        if len(outputs) > 1:
            distinct = {json.dumps(output, sort_keys=True) for output in outputs.values()}
            if len(distinct) == 1:
                lines.append(f"- `{name}`: the same output from all: `{distinct.pop()}`")
            else:
                lines += [f"- `{name}`: **outputs differ**: {tool} `{json.dumps(o)}`" for tool, o in outputs.items()]
    return ["What came out:", "", *lines] if lines else []


def bars(results: dict) -> list[tuple[str, str, list[tuple[str, float]]]]:
    """For the chart: the title of each line that has a figure of ours and of a peer, its unit, and the figures."""
    found = []
    for line in LINES:
        row = results["rows"].get(line.row, {})
        values = [(tool, value) for tool in TOOLS if (value := figure(line, row.get(tool))) is not None]
        if line.targets and len(values) > 1:
            found.append((line.title.replace("**", "").replace("`", ""), line.unit, values))
    return found
