"""Runs the same work with this project and its peers, side by side, and writes down how they compare.

`cargo xtask bench` makes what this needs (the binaries and the peers' environments) and calls it; see README.md.
Standard library only.
"""

import os
import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import machine
import archive
import report
from rows import OURS, ROWS, Row

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "target/bench"
BINARIES = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release"
RESULTS = ROOT / "benches/results"

DELAY_MS = 20
# Work that is over sooner is repeated for so long, and the median taken.
REPEAT_SECONDS = 0.1
TIMEOUT = 600


class Server:
    """A server that prints its URL and counts what it sends."""

    def __init__(self, command: list):
        self.process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)
        self.base = self.process.stdout.readline().strip().rstrip("/")
        if not self.base.startswith("http"):
            sys.exit(f"{Path(command[0]).name} did not start")

    def reset(self) -> None:
        self._stats("DELETE")

    def stats(self) -> dict:
        """Requests and bytes since `reset`."""
        stats = json.loads(self._stats("GET"))
        return {"requests": stats["requests"], "bytes": stats["bytes"]}

    def _stats(self, method: str) -> bytes:
        request = urllib.request.Request(f"{self.base}/__stats", method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Worker:
    """A process of a tool; see peer.py for what it is told and answers."""

    def __init__(self, command: list, context: dict):
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [*map(str, command), json.dumps(context)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, line: str) -> dict:
        try:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        answer = json.loads(answer) if answer else {"error": f"crashed ({self.process.wait()})"}
        # What the user of a fresh process waits for: its start, its imports, the work.
        answer["process_seconds"] = time.perf_counter() - self.started
        return answer

    def stop(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Measurement:
    """What one tool did in one row."""

    samples: list[dict] = field(default_factory=list)
    error: str | None = None

    def median(self, key: str) -> float | None:
        values = [sample[key] for sample in self.samples if sample.get(key) is not None]
        return statistics.median(values) if values else None

    def to_json(self) -> dict:
        if self.error:
            return {"error": self.error}
        keys = [key for key in self.samples[0] if key != "output"]
        medians = {key: self.median(key) for key in keys}
        samples = [sample["seconds"] for sample in self.samples]
        return {"median": medians, "samples": samples, "output": self.samples[-1]["output"]}


class Bench:
    """The tools, the servers, and what is measured with them."""

    def __init__(self, peers: bool, repetitions: int, rows: list[Row]):
        self.repetitions = repetitions
        self.rows = rows
        self.commands = {OURS: [BINARIES / "rasteret-peers"], "floor": [BINARIES / "rasteret-peers"]}
        if peers:
            for tool in ("rasteret", "rasterio", "async-geotiff", "duckdb"):
                script = Path(__file__).with_name(f"{tool.replace('-', '_')}_peer.py")
                self.commands[tool] = [BENCH / f"env-{tool}/bin/python", script]
        self.scenes = archive.scenes(BENCH / "scenes", BINARIES / "rasteret-synth")
        self.work = Path(tempfile.mkdtemp(prefix="run-", dir=BENCH))
        serve = [BINARIES / "rasteret-serve", self.scenes, "--delay-ms"]
        self.servers = [Server([*serve, 0]), Server([*serve, DELAY_MS])]
        self.stac = None
        if any(row.stac for row in rows):
            self.stac = Server([sys.executable, Path(__file__).with_name("stac_api.py"), archive.stac_items(ROOT)])

    def close(self) -> None:
        for server in filter(None, [*self.servers, self.stac]):
            server.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def context(self, server: int) -> dict:
        """Each server has databases of its own: hrefs differ."""
        work = self.work / str(server)
        work.mkdir(exist_ok=True)
        records = BENCH / "records"
        records.mkdir(exist_ok=True)
        base = self.servers[server].base
        stac = self.stac.base if self.stac else None
        folders = {"scenes": str(self.scenes), "work": str(work), "records": str(records)}
        return {"base": base, "stac": stac, **folders}

    def prepare(self) -> None:
        for tool in filter(self.commands.__contains__, (OURS, "rasteret")):
            for server in range(len(self.servers)):
                self.make(tool, server, "prepare")
            if any(row.million for row in self.rows):
                self.make(tool, 0, "prepare_million")

    def make(self, tool: str, server: int, what: str) -> None:
        worker = self.worker(tool, server)
        answer = worker.run(what)
        worker.stop()
        if "error" in answer:
            sys.exit(f"{tool} could not {what}: {answer['error']}")

    def measure(self, row: Row) -> dict[str, Measurement]:
        """Round after round, each tool once, in an order that changes from round to round."""
        tools = [tool for tool in row.tools if tool in self.commands]
        measurements = {tool: Measurement() for tool in tools}
        server = 1 if row.delayed else 0
        counter = self.stac if row.stac else self.servers[server]
        workers = {} if row.fresh else {tool: self.worker(tool, server) for tool in tools}
        for tool, worker in workers.items():
            # The first time warms up.
            measurements[tool].error = worker.run(row.name).get("error")
        for round_ in range(min(self.repetitions, row.rounds or self.repetitions)):
            for index in range(len(tools)):
                tool = tools[(index + round_) % len(tools)]
                if measurements[tool].error:
                    continue
                worker = self.worker(tool, server) if row.fresh else workers[tool]
                counter.reset()
                answer = worker.run(row.name if row.fresh else f"{row.name} {REPEAT_SECONDS}")
                if "error" in answer:
                    measurements[tool].error = answer["error"]
                else:
                    runs = answer.get("runs", 1)
                    for key, value in counter.stats().items():
                        answer[key] = value / runs
                    measurements[tool].samples.append(answer)
                if row.fresh:
                    worker.stop()
        for worker in workers.values():
            worker.stop()
        return measurements

    def worker(self, tool: str, server: int) -> Worker:
        return Worker(self.commands[tool], self.context(server))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [row.name for row in ROWS]
    parser.add_argument("--rows", type=lambda text: text.split(","), default=names, help=", ".join(names))
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--no-peers", action="store_true", help="only this project")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(names):
        parser.error(f"no row is called {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if arguments.repetitions < 1:
        parser.error("--repetitions must be at least 1")

    BENCH.mkdir(parents=True, exist_ok=True)
    rows = [row for row in ROWS if row.name in arguments.rows]
    bench = Bench(not arguments.no_peers, arguments.repetitions, rows)
    try:
        print("Preparing databases and collections.", flush=True)
        bench.prepare()
        measured = {}
        for row in bench.rows:
            measured[row.name] = bench.measure(row)
            for tool, measurement in measured[row.name].items():
                median = measurement.median("seconds")
                text = measurement.error or report.seconds(median)
                print(f"{row.name:15} {tool:14} {text}", flush=True)
    finally:
        bench.close()

    results = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "repetitions": arguments.repetitions,
        "delay_ms": DELAY_MS,
        "machine": machine.describe(),
        "versions": machine.versions(ROOT),
        "rows": {row: {tool: m.to_json() for tool, m in tools.items()} for row, tools in measured.items()},
    }
    # Nobody is told of the ports and folders of a run.
    for text in [*(server.base for server in bench.servers), str(ROOT)]:
        results = json.loads(json.dumps(results).replace(text, "…"))
    report.write(results, arguments.results)


if __name__ == "__main__":
    main()
