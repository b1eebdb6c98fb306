"""Time the nycflights pipeline on each engine against a pandas script that does the same work.

The results are compared first; no time is reported for a result that differs. Every run reads the
compressed CSV files and writes the same five files. Rounds are interleaved, the median and the
spread are printed, and each system runs in a process of its own, started for every run; start-up
and imports are not timed.

    python benches/workflow_demo.py [--runs N]
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

EXAMPLE = Path(__file__).parents[1] / "examples" / "nycflights"
DATA = EXAMPLE / "data"
KEYS = {
    "carriers.parquet": ["carrier"],
    "hubs.parquet": ["vertex"],
    "weather.parquet": ["origin", "band"],
}
RANK_TOLERANCE = 1e-5  # both sides stop iterating at an L1 change of 1e-6


def run_pandas(out: Path) -> None:
    """The pipeline as one pandas script, sequential as pandas is."""
    out.mkdir(parents=True, exist_ok=True)
    airlines = pd.read_csv(DATA / "airlines.csv", keep_default_na=False)
    airports = pd.read_csv(
        DATA / "airports.csv",
        keep_default_na=False,
        na_values=["NA"],
        usecols=["faa", "name", "lat", "lon"],
    )
    weather = pd.read_csv(
        DATA / "weather.csv.gz",
        keep_default_na=False,
        na_values=["NA"],
        usecols=["origin", "time_hour", "visib", "wind_speed"],
    )
    flights = pd.read_csv(DATA / "flights.csv.gz", keep_default_na=False, na_values=["NA"])
    flown = flights[flights["dep_delay"].notna() & flights["arr_delay"].notna()]
    require(len(flown) >= 300_000 and flown["distance"].between(1, 6000).all(), "flown")
    require(flown[["origin", "dest", "time_hour"]].notna().all(axis=None), "keys")
    require(flown["carrier"].isin(airlines["carrier"]).all(), "carriers")
    marked = flown.assign(late=(flown["arr_delay"] > 15).astype(float))

    carriers = (
        marked.groupby("carrier", as_index=False)
        .agg(
            flights=("carrier", "size"),
            mean_arr_delay=("arr_delay", "mean"),
            late_share=("late", "mean"),
            miles=("distance", "sum"),
        )
        .merge(airlines, on="carrier", how="left", validate="one_to_one")
        .sort_values("mean_arr_delay", ascending=False)
    )
    require(carriers["carrier"].is_unique and carriers["name"].notna().all(), "names")
    carriers.to_parquet(out / "carriers.parquet", index=False, compression="zstd")
    carriers.to_csv(out / "carriers.csv", index=False)

    routes = marked.groupby(["origin", "dest"], as_index=False).agg(
        flights=("origin", "size"), mean_arr_delay=("arr_delay", "mean")
    )
    hubs = pagerank(routes).merge(airports, left_on="vertex", right_on="faa", how="left")
    hubs = hubs.drop(columns="faa").sort_values(["rank", "vertex"], ascending=[False, True])
    hubs.to_parquet(out / "hubs.parquet", index=False, compression="zstd")
    routes.sort_values(["flights", "origin", "dest"], ascending=[False, True, True]).to_csv(
        out / "routes.csv", index=False
    )

    joined = marked.merge(weather, on=["origin", "time_hour"], validate="many_to_one")
    visib = joined["visib"]
    band = np.select([visib < 1, visib < 3, visib < 10], ["0-1", "1-3", "3-10"], "10")
    by_weather = (
        joined.assign(band=band)
        .groupby(["origin", "band"], as_index=False)
        .agg(
            flights=("origin", "size"),
            mean_dep_delay=("dep_delay", "mean"),
            late_share=("late", "mean"),
        )
        .sort_values("mean_dep_delay", ascending=False)
    )
    by_weather.to_parquet(out / "weather.parquet", index=False, compression="zstd")


def require(condition: object, what: str) -> None:
    """The data checks of the pipeline."""
    if not condition:
        raise SystemExit(f"check failed: {what}")


def pagerank(routes: pd.DataFrame) -> pd.DataFrame:
    """PageRank and weak components of the routes, with NumPy."""
    vertices = np.unique(np.concatenate([routes["origin"], routes["dest"]]).astype(str))
    src = np.searchsorted(vertices, routes["origin"].to_numpy(dtype=str))
    dst = np.searchsorted(vertices, routes["dest"].to_numpy(dtype=str))
    weight = routes["flights"].to_numpy(dtype=float)
    n = len(vertices)
    out = np.bincount(src, weight, n)
    share = weight / out[src]
    rank = np.full(n, 1 / n)
    for _ in range(100):
        spread = np.bincount(dst, rank[src] * share, n) + rank[out == 0].sum() / n
        new = 0.85 * spread + 0.15 / n
        change, rank = np.abs(new - rank).sum(), new
        if change < 1e-6:
            break
    label = np.arange(n)
    while True:
        lower = label.copy()
        np.minimum.at(lower, src, label[dst])
        np.minimum.at(lower, dst, label[src])
        if (lower == label).all():
            break
        label = lower
    component = np.unique(label, return_inverse=True)[1]
    return pd.DataFrame({"vertex": vertices, "rank": rank, "component_id": component})


def run_engine(engine: str, out: Path) -> None:
    """The pipeline file on one of our engines."""
    import parquetframe as pf

    pf.Workflow.from_yaml(EXAMPLE / "pipeline.yml").run({"out": str(out)}, engine=engine)


def child(system: str, out: Path) -> None:
    """Run once in this process and print the seconds; imports are done before the clock starts."""
    if system != "pandas":
        import parquetframe.workflow.run
        from parquetframe.workflow.engine import choose_engine

        choose_engine(system)
        assert parquetframe.workflow.run is not None  # noqa: S101 - imported for its time
    else:
        import pyarrow.parquet  # noqa: F401 - imported for its time
    start = time.perf_counter()
    if system == "pandas":
        run_pandas(out)
    else:
        run_engine(system, out)
    print(json.dumps(time.perf_counter() - start))


def start(system: str, out: Path) -> float:
    """One run in a fresh process."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, __file__, "--child", system, str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def compare(reference: Path, other: Path) -> None:
    """Stop unless both folders hold the same tables."""
    for name, keys in KEYS.items():
        left, right = (
            pd.read_parquet(folder / name).sort_values(keys, ignore_index=True)
            for folder in (reference, other)
        )
        pd.testing.assert_frame_equal(
            left[sorted(left)],
            right[sorted(left)],
            check_dtype=False,
            rtol=1e-9,
            atol=RANK_TOLERANCE if name == "hubs.parquet" else 0,
        )
    for name in ("carriers.csv", "routes.csv"):
        left, right = pd.read_csv(reference / name), pd.read_csv(other / name)
        pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=1e-9)


def systems() -> list[str]:
    """The systems of this installation; without the extension there is no rust."""
    from parquetframe import _backend

    return ["pandas", "python", *(["rust"] if _backend.native() is not None else [])]


def main() -> None:
    """Compare, then time, then print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--child", nargs=2, metavar=("SYSTEM", "OUT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], Path(given.child[1]))
        return
    names = systems()
    with tempfile.TemporaryDirectory() as folder:
        out = {name: Path(folder) / name for name in names}
        for name in names:
            start(name, out[name])  # also warms the disk cache
        for name in names[1:]:
            compare(out["pandas"], out[name])
        times: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(given.runs):
            for name in names:
                times[name].append(start(name, out[name]))
    report(times)


def report(times: dict[str, list[float]]) -> None:
    """Print medians, spreads and the ratio to pandas."""
    import pyarrow as pa

    import parquetframe as pf

    base = statistics.median(times["pandas"])
    print(
        f"nycflights pipeline, 336,776 flights, {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, pandas {pd.__version__}, pyarrow {pa.__version__}, "
        f"parquetframe {pf.__version__}; results equal; warm cache"
    )
    print(f"{'system':<10}{'median s':>10}{'min s':>10}{'max s':>10}{'runs':>6}{'vs pandas':>11}")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(
            f"{name:<10}{median:>10.2f}{min(seconds):>10.2f}{max(seconds):>10.2f}"
            f"{len(seconds):>6}{base / median:>10.2f}x"
        )


if __name__ == "__main__":
    main()
