"""The Python face of a workflow: the same plan as a YAML file, made by method calls."""

from pathlib import Path

import parquetframe as pf

DATA = Path(__file__).parent / "nycflights" / "data"

wf = pf.Workflow("late carriers", variables={"late_min": 15})
airlines = wf.read("airlines", path=DATA / "airlines.csv")
flights = wf.read("flights", path=DATA / "flights.csv.gz", null_values=["NA"])
late = flights.filter("late", where="arr_delay > ${late_min}")
counted = late.groupby("counted", by="carrier", agg={"late_flights": "count"})
named = wf.join("named", input=[counted, airlines], on="carrier")
named.sort("worst", by=["late_flights desc"], limit=3)

result = wf.run({"late_min": 60})
for row in result.outputs["worst"].to_pylist():
    print(row)
