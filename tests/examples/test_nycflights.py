"""The main job on real input, against pandas: whole tables, and the golden facts of the data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

import parquetframe as pf

EXAMPLE = Path(__file__).parents[2] / "examples" / "nycflights"
PIPELINE = EXAMPLE / "pipeline.yml"
DATA = EXAMPLE / "data"
LATE_MIN = 15

RESULTS = {"carriers.parquet", "carriers.csv", "hubs.parquet", "routes.csv", "weather.parquet"}


@pytest.fixture(scope="module")
def flown():
    flights = pd.read_csv(DATA / "flights.csv.gz", keep_default_na=False, na_values=["NA"])
    assert len(flights) == 336_776
    kept = flights[flights["dep_delay"].notna() & flights["arr_delay"].notna()]
    return kept.assign(late=(kept["arr_delay"] > LATE_MIN).astype(float))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return {}, tmp_path_factory


@pytest.fixture
def run(backend, runs):
    """The example, run once per backend into a folder of its own; result and folder."""
    done, folders = runs
    if backend not in done:
        out = folders.mktemp(backend) / "out"
        done[backend] = pf.Workflow.from_yaml(PIPELINE).run({"out": str(out)}), out
    result, out = done[backend]
    assert (result.status, result.engine) == ("completed", backend)
    return result, out


def read(folder, name):
    return pq.read_table(folder / name).to_pandas()


def same(found, expected, floats=()):
    """Equal rows in equal order; floats to 1e-12 relative."""
    assert list(found.columns) == list(expected.columns)
    assert len(found) == len(expected)
    for column in expected.columns:
        left, right = found[column].to_numpy(), expected[column].to_numpy()
        if column in floats:
            np.testing.assert_allclose(
                left.astype(float), right.astype(float), rtol=1e-12, atol=0, err_msg=column
            )
        else:
            pd.testing.assert_series_equal(
                found[column].reset_index(drop=True).astype(object),
                expected[column].reset_index(drop=True).astype(object),
                check_names=False,
            )


def expected_carriers(flown):
    airlines = pd.read_csv(DATA / "airlines.csv", keep_default_na=False)
    grouped = flown.groupby("carrier", as_index=False).agg(
        flights=("carrier", "size"),
        mean_arr_delay=("arr_delay", "mean"),
        late_share=("late", "mean"),
        miles=("distance", "sum"),
    )
    named = grouped.merge(airlines, on="carrier", how="left")
    return named.sort_values("mean_arr_delay", ascending=False)


def expected_routes(flown):
    return flown.groupby(["origin", "dest"], as_index=False).agg(
        flights=("origin", "size"), mean_arr_delay=("arr_delay", "mean")
    )


def expected_weather(flown):
    weather = pd.read_csv(DATA / "weather.csv.gz", keep_default_na=False, na_values=["NA"])
    joined = flown.merge(weather[["origin", "time_hour", "visib"]], on=["origin", "time_hour"])
    assert len(joined) == 325_819
    bands = pd.cut(
        joined["visib"], [-1, 1, 3, 10, np.inf], right=False, labels=["0-1", "1-3", "3-10", "10"]
    )
    grouped = (
        joined.assign(band=bands.astype(object).where(bands.notna(), "10"))
        .groupby(["origin", "band"], as_index=False)
        .agg(
            flights=("origin", "size"),
            mean_dep_delay=("dep_delay", "mean"),
            late_share=("late", "mean"),
        )
    )
    return grouped.sort_values(["mean_dep_delay", "origin", "band"], ascending=[False, True, True])


def power_iteration(edges, alpha=0.85, rounds=500):
    """PageRank as a dense matrix, run until nothing moves; dangling rank goes to everyone."""
    vertices = sorted({*edges["origin"], *edges["dest"]})
    index = {vertex: i for i, vertex in enumerate(vertices)}
    matrix = np.zeros((len(vertices), len(vertices)))
    for origin, dest, flights in zip(edges["origin"], edges["dest"], edges["flights"], strict=True):
        matrix[index[origin], index[dest]] += flights
    out = matrix.sum(axis=1)
    step = np.divide(matrix, out[:, None], where=out[:, None] > 0, out=np.zeros_like(matrix))
    rank = np.full(len(vertices), 1 / len(vertices))
    for _ in range(rounds):
        spread = rank @ step + rank[out == 0].sum() / len(vertices)
        rank = alpha * spread + (1 - alpha) / len(vertices)
    return dict(zip(vertices, rank, strict=True))


def test_run_writes_every_result_and_nothing_else(run):
    result, out = run
    assert {path.name for path in out.iterdir()} == RESULTS
    assert len(result.steps) >= 10
    assert {record.status for record in result.steps.values()} == {"succeeded"}
    rows = {name: record.rows for name, record in result.steps.items()}
    assert rows["flights"] == 336_776 or rows["flights"] is None  # fused into the filter
    assert rows["marked"] == 327_346
    assert {name: file.rows for name, file in result.files.items()} == {
        "save_carriers": 16,
        "save_carriers_csv": 16,
        "save_hubs": 107,
        "save_routes": 223,
        "save_weather": 12,
    }


def test_carriers(run, flown):
    _, out = run
    carriers = read(out, "carriers.parquet")
    same(carriers, expected_carriers(flown), floats=("mean_arr_delay", "late_share"))
    assert (carriers["carrier"].iloc[0], round(carriers["mean_arr_delay"].iloc[0], 2)) == (
        "F9",
        21.92,
    )


def test_carriers_csv_equals_parquet(run):
    _, out = run
    text = pd.read_csv(out / "carriers.csv", keep_default_na=False)
    same(text, read(out, "carriers.parquet"), floats=("mean_arr_delay", "late_share"))


def test_routes(run, flown):
    _, out = run
    expected = expected_routes(flown).sort_values(
        ["flights", "origin", "dest"], ascending=[False, True, True]
    )
    found = pd.read_csv(out / "routes.csv", keep_default_na=False)
    same(found, expected, floats=("mean_arr_delay",))
    assert len(found) == 223


def test_hubs(run, flown):
    _, out = run
    hubs = read(out, "hubs.parquet")
    ranks = power_iteration(expected_routes(flown))
    assert set(hubs["vertex"]) == set(ranks)
    # The step stops at an L1 change of 1e-6; what is still to come is at most alpha/(1-alpha) of it.
    error = sum(abs(rank - ranks[v]) for v, rank in zip(hubs["vertex"], hubs["rank"], strict=True))
    assert error < 1e-6 * 0.85 / 0.15
    assert hubs["rank"].is_monotonic_decreasing
    assert hubs["rank"].sum() == pytest.approx(1, abs=1e-9)
    assert (hubs["vertex"].iloc[0], round(hubs["rank"].iloc[0], 5)) == ("ATL", 0.01036)


def test_hubs_have_one_component_and_airport_names(run, flown):
    import networkx as nx

    _, out = run
    hubs = read(out, "hubs.parquet")
    graph = nx.Graph(flown[["origin", "dest"]].drop_duplicates().itertuples(index=False, name=None))
    assert nx.number_connected_components(graph) == hubs["component_id"].nunique() == 1
    airports = pd.read_csv(DATA / "airports.csv", keep_default_na=False, na_values=["NA"])
    expected = hubs[["vertex"]].merge(
        airports[["faa", "name", "lat", "lon"]], left_on="vertex", right_on="faa", how="left"
    )
    for column in ("name", "lat", "lon"):
        pd.testing.assert_series_equal(hubs[column], expected[column], check_dtype=False)
    assert sorted(hubs.loc[hubs["name"].isna(), "vertex"]) == ["BQN", "PSE", "SJU", "STT"]


def test_weather(run, flown):
    _, out = run
    weather = read(out, "weather.parquet")
    same(weather, expected_weather(flown), floats=("mean_dep_delay", "late_share"))
    assert len(weather) == 12


def test_result_types(run):
    _, out = run
    schema = pq.read_schema(out / "carriers.parquet")
    assert {field.name: field.type for field in schema} == {
        "carrier": pa.string(),
        "flights": pa.int64(),
        "mean_arr_delay": pa.float64(),
        "late_share": pa.float64(),
        "miles": pa.int64(),
        "name": pa.string(),
    }


def test_variable_changes_the_result(backend, tmp_path, flown):
    workflow = pf.Workflow.from_yaml(PIPELINE)
    workflow.run({"out": str(tmp_path), "late_min": 60})
    found = read(tmp_path, "carriers.parquet").set_index("carrier")["late_share"]
    expected = (flown["arr_delay"] > 60).groupby(flown["carrier"]).mean()
    np.testing.assert_allclose(found.sort_index(), expected.sort_index(), rtol=1e-12)


def test_any_parallelism_gives_the_same_tables(backend, tmp_path):
    workflow = pf.Workflow.from_yaml(PIPELINE)
    for workers in (1, 4):
        workflow.run({"out": str(tmp_path / str(workers))}, max_parallel=workers)
    for name in ("carriers.parquet", "hubs.parquet", "weather.parquet"):
        left, right = read(tmp_path / "1", name), read(tmp_path / "4", name)
        pd.testing.assert_frame_equal(left, right, rtol=1e-12, atol=0)
