READ = "{name: rows, type: read, path: in.csv}"
FILTER = "{name: big, type: filter, input: rows, where: amount > 15}"


def test_valid_file(pframe, workflow):
    answer = pframe("validate", workflow([READ, FILTER]))
    assert answer.code == 0, answer.out
    assert answer.out.strip().endswith("flow.yml: valid")


def test_unknown_column_is_found_in_the_data_with_the_nearest_name(pframe, workflow):
    wrong = FILTER.replace("amount", "amont")
    answer = pframe("validate", workflow([READ, wrong]))
    assert answer.code == 3
    assert "flow.yml:4:" in answer.out and "error[E3" in answer.out
    assert "did you mean 'amount'" in answer.out
    assert "not valid (1 error)" in answer.out


def test_no_data_leaves_files_alone(pframe, workflow):
    missing = READ.replace("in.csv", "none.csv")
    assert pframe("validate", workflow([missing])).code == 3
    assert pframe("validate", workflow([missing]), "--no-data").code == 0


def test_several_files_and_json(pframe, workflow, tmp_path):
    good = workflow([READ, FILTER])
    bad = tmp_path / "bad.yml"
    bad.write_text("name: bad\nsteps: [\n")
    answer = pframe("validate", good, bad, "--json")
    assert answer.code == 3
    document = answer.json()
    assert document["valid"] is False
    assert [(entry["valid"], len(entry["problems"])) for entry in document["files"]] == [
        (True, 0),
        (False, 1),
    ]
    assert document["files"][1]["problems"][0]["code"].startswith("E1")


def test_cycle_is_printed(pframe, workflow):
    steps = [
        "{name: a, type: limit, input: b, n: 1}",
        "{name: b, type: limit, input: a, n: 1}",
    ]
    answer = pframe("validate", workflow(steps))
    assert answer.code == 3
    assert "a -> b -> a" in answer.out


def test_plan_lists_steps_groups_and_width(pframe, workflow):
    answer = pframe("plan", workflow([READ, FILTER]))
    assert answer.code == 0, answer.err
    assert "rows" in answer.out and "big" in answer.out
    document = pframe("plan", workflow([READ, FILTER]), "--json").json()
    assert document["order"] == ["rows", "big"]
    assert document["edges"] == [["rows", "big"]]
    assert sorted(step for group in document["groups"] for step in group["steps"]) == [
        "big",
        "rows",
    ]
    assert document["width"] == 1


def test_plan_of_an_invalid_file_is_exit_3(pframe, workflow):
    answer = pframe("plan", workflow(["{name: a, type: limit, input: nowhere, n: 1}"]))
    assert answer.code == 3
    assert answer.out == ""


def test_plan_runs_nothing(pframe, workflow, tmp_path):
    save = "{name: saved, type: save, input: rows, path: out.csv}"
    assert pframe("plan", workflow([READ, save])).code == 0
    assert not (tmp_path / "out.csv").exists()
