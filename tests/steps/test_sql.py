"""The step `sql` against duckdb: the same text on both sides."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from parquetframe import errors

TABLES = {
    "orders": pa.table(
        {
            "id": [1, 2, 3, 4, 5, 6],
            "customer": pa.array([10, 10, 20, 30, None, 20], pa.int64()),
            "amount": [5.0, 7.5, None, 2.0, 1.0, 4.0],
            "item": ["pen", "ink", "pen", None, "pad", "ink"],
        }
    ),
    "customers": pa.table(
        {"id": [10, 20, 40], "name": ["ann", "bob", "dee"], "city": ["x", None, "x"]}
    ),
}
PLAIN = [
    "SELECT * FROM orders",
    "SELECT id, amount * 2 AS twice FROM orders WHERE amount > 2 ORDER BY id",
    "SELECT o.id, c.name FROM orders o JOIN customers c ON o.customer = c.id",
    "SELECT o.id, c.name FROM orders AS o LEFT JOIN customers AS c ON o.customer = c.id",
    "SELECT o.id, c.name FROM orders o RIGHT JOIN customers c ON o.customer = c.id",
    "SELECT o.id AS oid, c.id AS cid FROM orders o FULL JOIN customers c ON o.customer = c.id",
    "SELECT o.id, c.name FROM orders o CROSS JOIN customers c",
    "SELECT o.id, c.name FROM orders o JOIN customers c ON o.customer = c.id AND o.amount > 5",
    "SELECT item, count(*) AS n, sum(amount) AS total FROM orders GROUP BY item",
    "SELECT item, avg(amount) AS mean FROM orders WHERE customer IS NOT NULL GROUP BY item HAVING count(*) > 1",
    "SELECT count(*) AS n, min(amount) AS lo, max(amount) AS hi FROM orders",
    "SELECT count(DISTINCT item) AS kinds FROM orders",
    "SELECT c.name, sum(o.amount) AS total FROM orders o JOIN customers c ON o.customer = c.id GROUP BY c.name",
    "SELECT DISTINCT item FROM orders",
    "SELECT customer, item FROM orders ORDER BY customer NULLS LAST, item DESC NULLS LAST, id LIMIT 4",
    "SELECT id FROM orders ORDER BY amount DESC NULLS LAST, id LIMIT 2 OFFSET 1",
    "WITH big AS (SELECT * FROM orders WHERE amount >= 4) SELECT id FROM big ORDER BY id",
    "WITH t AS (SELECT customer, sum(amount) AS s FROM orders GROUP BY customer), u AS (SELECT * FROM t WHERE s > 3) SELECT c.name, u.s FROM u JOIN customers c ON u.customer = c.id",
    "SELECT id FROM orders UNION ALL SELECT id FROM customers",
    "SELECT customer AS id FROM orders WHERE customer IS NOT NULL UNION SELECT id FROM customers",
    "SELECT x.item FROM (SELECT item, count(*) AS n FROM orders GROUP BY item) x WHERE x.n > 1",
    "SELECT CASE WHEN amount > 4 THEN 'big' ELSE 'small' END AS size, count(*) AS n FROM orders GROUP BY 1",
    "SELECT upper(item) AS item, coalesce(amount, 0.0) AS amount FROM orders",
    "SELECT item, customer, count(*) AS n FROM orders GROUP BY item, customer ORDER BY n DESC, item NULLS LAST, customer NULLS LAST",
    "SELECT sum(amount) AS s FROM orders WHERE item = 'nothing'",
]


def oracle(text: str) -> pa.Table:
    with duckdb.connect() as connection:
        for name, table in TABLES.items():
            connection.register(name, table)
        return connection.sql(text).to_arrow_table()


def sql(flow, text: str, **step: object) -> pa.Table:
    return flow.table(TABLES, {"type": "sql", "sql": text, **step})


@pytest.mark.parametrize("text", PLAIN)
def test_same_as_duckdb(flow, text):
    flow.same(sql(flow, text), oracle(text), ordered="ORDER BY" in text)


def test_alias_query_and_old_type(flow):
    found = flow.table(
        TABLES, {"type": "datafusion.sql", "query": "SELECT id FROM customers ORDER BY id"}
    )
    flow.same(found, {"id": [10, 20, 40]})


def test_input_renames_tables(flow):
    found = sql(
        flow,
        "SELECT count(*) AS n FROM a JOIN b ON a.customer = b.id",
        input={"a": "orders", "b": "customers"},
    )
    flow.same(found, {"n": [4]})


def test_double_equals_and_lower_case_keywords(flow):
    found = sql(flow, "select id from orders where item == 'pen' and amount > 1 order by id")
    flow.same(found, {"id": [1]})


def test_names_are_case_sensitive(flow):
    found = flow.table(
        {"T": pa.table({"Ab": [1], "ab": [2]})}, {"type": "sql", "sql": "SELECT Ab, ab FROM T"}
    )
    flow.same(found, {"Ab": [1], "ab": [2]})


def test_integer_semantics(flow):
    flow.same(
        sql(flow, "SELECT id / 2 AS half FROM orders ORDER BY id"), {"half": [0, 1, 1, 2, 2, 3]}
    )
    step = {"type": "sql", "sql": "SELECT 1 / (id - id) AS bad FROM orders"}
    assert flow.fails(TABLES, step).code == "E601"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("ASC", [10, 10, 20, 20, 30, None]),
        ("DESC", [None, 30, 20, 20, 10, 10]),
        ("DESC NULLS LAST", [30, 20, 20, 10, 10, None]),
        ("ASC NULLS FIRST", [None, 10, 10, 20, 20, 30]),
    ],
)
def test_null_is_largest_unless_said_otherwise(flow, order, expected):
    """As in PostgreSQL; the step `sort` has its own rule."""
    found = sql(flow, f"SELECT customer FROM orders ORDER BY customer {order}")
    flow.same(found, {"customer": pa.array(expected, pa.int64())})


def test_variables_are_literals(flow):
    workflow = flow.workflow(
        TABLES, {"type": "sql", "sql": "SELECT id FROM orders WHERE item = ${item} ORDER BY id"}
    )
    data = {**workflow.to_dict(), "variables": {"item": "pen' OR 'a' = 'a"}}
    again = type(workflow).from_dict(data)
    assert again.run().outputs["out"].num_rows == 0
    flow.same(again.run({"item": "ink"}).outputs["out"], {"id": [2, 6]})


def test_result_feeds_other_steps(flow):
    found = flow.table(
        TABLES,
        {
            "name": "q",
            "type": "sql",
            "sql": "SELECT item, amount FROM orders WHERE amount IS NOT NULL",
        },
        {
            "name": "g",
            "type": "groupby",
            "input": "q",
            "by": "item",
            "agg": {"amount": "sum"},
            "sort": True,
        },
    )
    flow.same(found, {"item": ["ink", "pad", "pen", None], "amount": [11.5, 1.0, 5.0, 2.0]})


@pytest.mark.parametrize(
    "text",
    [
        "DROP TABLE orders",
        "CREATE TABLE x AS SELECT * FROM orders",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "COPY orders TO 'x.csv'",
        "SET a = 1",
        "INSERT INTO orders SELECT * FROM orders",
        "DELETE FROM orders",
        "UPDATE orders SET id = 1",
        "SELECT * FROM orders; SELECT * FROM customers",
        "EXPLAIN SELECT * FROM orders",
        "",
    ],
)
def test_only_one_select(flow, text):
    with pytest.raises((errors.ValidationError, errors.StepError)) as caught:
        sql(flow, text, input=["orders", "customers"])
    codes = [p.code for p in getattr(caught.value, "problems", ())] or [caught.value.code]
    assert all(code.startswith(("E1", "E2", "E3")) for code in codes), codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT nope FROM orders", "E301"),
        ("SELECT o.nope FROM orders o", "E301"),
        ("SELECT id FROM orders WHERE item > 1", "E302"),
        ("SELECT lowr(item) FROM orders", "E303"),
    ],
)
def test_error_code(flow, text, code):
    assert flow.fails(TABLES, {"type": "sql", "sql": text}).code == code


def test_unknown_table_is_named(flow):
    with pytest.raises((errors.ValidationError, errors.StepError), match="order_s") as caught:
        sql(flow, "SELECT * FROM order_s")
    assert "orders" in str(caught.value)


def test_syntax_error(flow):
    with pytest.raises((errors.ValidationError, errors.StepError)) as caught:
        sql(flow, "SELECT id FROM orders WHERE ORDER BY")
    codes = [p.code for p in getattr(caught.value, "problems", ())] or [caught.value.code]
    assert codes == ["E300"]


def test_repeated_output_name_is_an_error(flow):
    assert flow.fails(
        TABLES, {"type": "sql", "sql": "SELECT id, amount AS id FROM orders"}
    ).code.startswith("E3")
