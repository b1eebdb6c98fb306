"""The Python builder: the same workflow as a file, in both directions."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

import parquetframe as pf
from parquetframe.errors import SourceNotFound, ValidationError
from parquetframe.workflow import Plan, StepRef

PIPELINE = """\
name: late
variables:
  late_min: {default: 15, type: int}
settings: {max_parallel: 2}
steps:
  - {name: flights, type: read, path: flights.csv}
  - {name: late, type: filter, input: flights, where: "arr_delay > ${late_min}"}
  - {name: by_carrier, type: groupby, input: late, by: carrier, agg: {n: count}}
"""


def late_workflow():
    wf = pf.Workflow(
        "late",
        variables={"late_min": {"default": 15, "type": "int"}},
        settings={"max_parallel": 2},
    )
    late = wf.read("flights", path="flights.csv").filter("late", where="arr_delay > ${late_min}")
    late.groupby("by_carrier", by="carrier", agg={"n": "count"})
    return wf


def importable(flights, *, k=3):
    return flights.slice(0, k)


def every_step():
    """A workflow that uses each fluent method."""
    wf = pf.Workflow("all", description="every step type")
    a = wf.read("a", path=["x.csv", Path("y.csv")], delimiter=";", null_values=["NA"])
    b = wf.read("b", path="b.parquet", columns=["id"], limit=10)
    a.select("selected", columns=["*", {"double": "id * 2"}], exclude=["z"])
    a.transform("transformed", columns={"twice": "id * 2"})
    a.rename("renamed", columns={"id": "key"})
    a.drop("dropped", columns=["z"], missing="ignore")
    a.cast("casted", columns={"id": "int32"}, on_error="null")
    a.sort("sorted", by=["id desc"], nulls="first", limit=3)
    a.limit("limited", n=3, offset=1)
    a.distinct("unique", on=["id"], order_by=["z"])
    a.join("joined", b, on="id", how="left", validate="many_to_one", depends_on=b)
    wf.union("both", input=[a, b], missing="null")
    a.union("three", b, "joined")
    wf.sql("query", sql="SELECT * FROM a")
    a.sql("own", sql="SELECT count(*) AS n FROM self")
    a.graph("ranks", algorithm="pagerank", src="id", dst="z", vertices=b, alpha=0.9)
    a.check("checked", rules=[{"not_null": ["id"]}], severity="warn", output="good", tags=["qa"])
    a.python("scored", call=importable, args={"k": 2})
    a.save("saved", path=Path("out") / "a.parquet", compression="zstd", description="the end")
    return wf


def test_builder_and_file_are_the_same_workflow():
    assert pf.Workflow.from_yaml(PIPELINE) == late_workflow()
    assert pf.Workflow.from_dict(late_workflow().to_dict()) == late_workflow()
    other = late_workflow()
    other["late"].limit("few", n=1)
    assert other != late_workflow()
    assert late_workflow() != "late"


@pytest.mark.parametrize("make", [late_workflow, every_step])
def test_yaml_round_trip(make):
    wf = make()
    assert pf.Workflow.from_yaml(wf.to_yaml()) == wf
    assert pf.Workflow.from_yaml(wf.to_yaml()).to_dict() == wf.to_dict()


def test_every_step_type_is_valid():
    assert every_step().validate(data=False) == []


def test_steps_look_as_in_a_file():
    steps = {step["name"]: step for step in every_step().to_dict()["steps"]}
    assert steps["joined"] == {
        "name": "joined",
        "type": "join",
        "input": ["a", "b"],
        "on": "id",
        "how": "left",
        "validate": "many_to_one",
        "depends_on": ["b"],
    }
    assert steps["three"]["input"] == ["a", "b", "joined"]
    assert steps["own"]["input"] == {"self": "a"}
    assert steps["ranks"]["vertices"] == "b"
    assert steps["a"]["path"] == ["x.csv", "y.csv"]
    assert steps["saved"]["path"] == os.fspath(Path("out") / "a.parquet")
    assert steps["checked"]["output"] == "good"


def test_reference_names_its_dataset_not_its_step():
    wf = pf.Workflow("w")
    step = wf.read("load", path="a.csv", output="flights")
    assert (step.name, step.output) == ("load", "flights")
    after = step.filter("late", where="x > 1", depends_on=[step])
    last = wf.to_dict()["steps"][-1]
    assert (last["input"], last["depends_on"]) == ("flights", ["load"])
    assert isinstance(wf["late"], StepRef)
    assert "late" in wf
    assert "flights" not in wf
    assert list(wf) == ["load", "late"]
    assert (wf["load"].output, wf["late"].output) == ("flights", after.output)
    with pytest.raises(KeyError):
        wf["flights"]


@pytest.mark.parametrize(
    "layout",
    [
        {"name": "late", "type": "filter", "input": ["flights"], "config": {"where": "x > 1"}},
        {"name": "late", "type": "filter", "input": "flights", "params": {"where": "x > 1"}},
        {"name": "late", "type": "filter", "input": "flights", "where": "x > 1", "output": "late"},
    ],
)
def test_layouts_of_a_step_are_equal(layout):
    read = {"name": "flights", "type": "read", "path": "a.csv"}
    flat = {"name": "late", "type": "filter", "input": "flights", "where": "x > 1"}
    first = pf.Workflow.from_dict({"name": "w", "steps": [read, layout]})
    assert first == pf.Workflow.from_dict({"name": "w", "steps": [read, flat]})


def test_decorator_adds_a_python_step_and_keeps_the_function():
    wf = pf.Workflow("w")
    flights = wf.read("flights", path="a.csv")

    @wf.step(input=[flights], args={"k": 1})
    def score(flights, *, k=3):
        return flights.slice(0, k)

    assert score(_Sliceable(), k=2) == (0, 2)
    step = wf.to_dict()["steps"][-1]
    assert step["name"] == "score"
    assert step["call"].endswith("<locals>.score")
    assert step["input"] == "flights"
    assert step["args"] == {"k": 1}


class _Sliceable:
    def slice(self, start, length):
        return start, length


def test_local_function_has_no_place_in_a_file():
    wf = pf.Workflow("w")
    wf.python("made", call=lambda: None)
    with pytest.raises(ValidationError, match=r"step 'made': .* cannot be imported"):
        wf.to_yaml()


@pytest.mark.parametrize("option", ["resume", "only", "force"])
def test_options_of_later_versions_are_refused(option):
    with pytest.raises(TypeError, match=option):
        late_workflow().run(**{option: None})


def test_unknown_keys_are_refused_when_the_step_is_made():
    wf = pf.Workflow("w")
    with pytest.raises(TypeError, match="'wheer'"):
        wf.filter("late", wheer="x > 1", where="x")
    with pytest.raises(TypeError, match="retries"):
        wf.read("a", path="a.csv", retries=3)
    assert wf.steps == ()


def test_misuse_of_names_is_refused():
    wf = pf.Workflow("w")
    a = wf.read("a", path="a.csv")
    with pytest.raises(ValidationError, match="called 'a' already"):
        wf.read("a", path="b.csv")
    with pytest.raises(ValidationError, match="belongs to another workflow, 'w'"):
        pf.Workflow("v").filter("f", where="x", input=a)
    with pytest.raises(TypeError, match="step 'a' is the input already"):
        a.filter("f", where="x", input="a")
    with pytest.raises(TypeError, match="module:function"):
        wf.python("p", call=3)


def test_to_yaml_writes_a_file_that_means_the_same(tmp_path):
    wf = pf.Workflow("w", base_dir=tmp_path)
    wf.read("a", path="a.csv")
    (tmp_path / "a.csv").write_text("x\n1\n")
    here, below = tmp_path / "here.yml", tmp_path / "sub" / "below.yml"
    below.parent.mkdir()
    wf.to_yaml(here)
    wf.to_yaml(below)
    assert "base_dir" not in here.read_text()
    for path in (here, below):
        loaded = pf.Workflow.from_yaml(path)
        assert loaded.validate(data=False) == []
        assert loaded.plan(data=False).order == ("a",)
        assert loaded.run(engine="python").outputs["a"].num_rows == 1


def test_missing_file_and_broken_text():
    with pytest.raises(SourceNotFound, match=r"no_such\.yml"):
        pf.Workflow.from_yaml("no_such.yml")
    with pytest.raises(ValidationError):
        pf.Workflow.from_yaml("steps: [\n")


def test_malformed_data_is_reported_not_raised():
    problems = pf.Workflow.from_dict({"steps": 3}).validate(data=False)
    assert [p.severity for p in problems] == ["error"]
    problems = pf.Workflow.from_dict({"steps": ["x", {"type": "nonsense"}]}).validate(data=False)
    assert len(problems) >= 2


def test_validation_tells_place_and_hint(tmp_path):
    path = tmp_path / "pipeline.yml"
    path.write_text(PIPELINE.replace("where:", "wher:"), encoding="utf-8")
    found = pf.Workflow.from_yaml(path).validate(data=False)
    assert found
    assert any(p.line == 7 and p.step == "late" and "where" in (p.hint or "") for p in found)
    assert str(path) in found[0].render()


def test_validate_opens_the_data_only_if_asked(backend, tmp_path, flights):
    path = tmp_path / "pipeline.yml"
    path.write_text(PIPELINE.replace("arr_delay", "arr_dely"), encoding="utf-8")
    wf = pf.Workflow.from_yaml(path)
    assert wf.validate(data=False) == []
    (problem,) = wf.validate()
    assert (problem.step, problem.line) == ("late", 7)
    assert "arr_delay" in problem.hint
    assert "arr_dely" in problem.render()
    with pytest.raises(ValidationError, match="arr_dely") as caught:
        wf.plan()
    assert caught.value.problems == [problem]


def test_plan_has_order_levels_and_exports(backend, tmp_path, flights):
    wf = pf.Workflow("p", base_dir=tmp_path)
    a = wf.read("a", path="flights.csv")
    left = a.filter("left", where="distance > 750")
    right = a.filter("right", where="distance <= 750")
    left.union("all", right).save("out", path='o"ut.parquet')
    plan = wf.plan()
    assert isinstance(plan, Plan)
    assert plan.engine == backend
    assert plan.order.index("a") == 0
    assert set(plan.levels[1]) == {"left", "right"}
    assert ("a", "left") in plan.edges
    assert {step for group in plan.groups for step in group.steps} == set(wf.steps)
    assert plan.width >= 1
    text = plan.explain()
    assert text.startswith("p: 5 steps in ")
    assert "flights.csv" in text
    assert "distance > 750" in text
    data = json.loads(json.dumps(plan.to_dict()))
    assert data["order"] == list(plan.order)
    assert [step["type"] for step in data["steps"]].count("filter") == 2
    mermaid = plan.to_mermaid()
    assert mermaid.startswith("flowchart TD\n")
    assert mermaid.count("-->") == len(plan.edges)
    dot = plan.to_dot()
    assert dot.startswith('digraph "p" {')
    assert dot.count("->") == len(plan.edges)
    assert not (tmp_path / 'o"ut.parquet').exists()


def test_representations_are_escaped():
    wf = pf.Workflow("<b>")
    wf.read("a", path="a.csv")
    assert repr(wf) == "<Workflow '<b>': 1 steps>"
    html = wf._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b><b>" not in html


def test_building_many_steps_stays_linear():
    wf = pf.Workflow("chain")
    step = wf.read("s0", path="a.csv")
    for number in range(1, 5000):
        step = step.limit(f"s{number}", n=1)
    assert len(wf.steps) == 5000
    assert math.isclose(len(wf.to_dict()["steps"]), 5000)
