"""The names of parquetframe 2.0, their signatures, and the stub of the extension."""

from __future__ import annotations

import ast
import importlib.util
import inspect
from pathlib import Path

import pytest

import parquetframe
from parquetframe import workflow_rust

NATIVE_NAMES = {
    "CancellationToken",
    "create_dag",
    "execute_step",
    "execute_workflow",
    "rust_available",
    "rust_version",
    "workflow_metrics",
    "workflow_rust_available",
}
GRAPH_NAMES = {
    "bfs_rust",
    "build_csc_rust",
    "build_csr_rust",
    "connected_components_rust_py",
    "dfs_rust",
    "dijkstra_rust",
    "dijkstra_rust_py",
    "graph_test",
    "pagerank_rust_py",
    "union_find_components",
}


def signature(function):
    return [
        (p.name, p.kind.name, p.default) for p in inspect.signature(function).parameters.values()
    ]


def stub():
    path = Path(parquetframe.__file__).with_name("_rustic.pyi")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def test_workflow_rust_has_the_names_of_2_0():
    assert set(workflow_rust.__all__) == {
        "RUST_WORKFLOW_AVAILABLE",
        "CancellationToken",
        "RustWorkflowEngine",
        "execute_workflow_rust",
        "is_rust_workflow_available",
    }
    for name in workflow_rust.__all__:
        assert hasattr(workflow_rust, name)


def test_signatures_of_2_0():
    engine = workflow_rust.RustWorkflowEngine
    empty, positional = inspect.Parameter.empty, "POSITIONAL_OR_KEYWORD"
    options = [
        ("on_progress", "KEYWORD_ONLY", None),
        ("cancel_token", "KEYWORD_ONLY", None),
        ("step_handler", "KEYWORD_ONLY", None),
    ]
    assert signature(engine) == [("max_parallel", positional, None)]
    assert signature(engine.execute_workflow)[1:] == [
        ("workflow_config", positional, empty),
        *options,
    ]
    assert signature(workflow_rust.execute_workflow_rust) == [
        ("workflow_config", positional, empty),
        ("max_parallel", positional, None),
        *options,
    ]
    assert [name for name, *_ in signature(engine.execute_step)][1:] == [
        "step_type",
        "config",
        "context",
    ]
    assert [name for name, *_ in signature(engine.create_dag)] == ["self", "steps"]
    assert signature(engine.is_available) == []


def test_without_the_extension_the_engine_points_to_workflow(monkeypatch):
    monkeypatch.setenv("PARQUETFRAME_BACKEND", "python")
    assert workflow_rust.RUST_WORKFLOW_AVAILABLE is False
    assert workflow_rust.is_rust_workflow_available() is False
    assert workflow_rust.RustWorkflowEngine.is_available() is False
    with pytest.raises(RuntimeError, match=r"parquetframe\.Workflow"):
        workflow_rust.RustWorkflowEngine()
    with pytest.raises(RuntimeError, match=r"parquetframe\.Workflow"):
        workflow_rust.execute_workflow_rust({"steps": []})


@pytest.mark.parametrize("value", [0, -1, True, 2.0, "2"])
def test_max_parallel_is_a_positive_integer(value):
    with pytest.raises(ValueError, match="max_parallel"):
        workflow_rust.RustWorkflowEngine(value)


def test_token_works_without_the_extension():
    token = workflow_rust.CancellationToken()
    assert token.is_cancelled() is False
    token.cancel()
    token.cancel()
    assert token.is_cancelled() is True


def test_stub_covers_the_names_of_2_0():
    assert stub().keys() >= NATIVE_NAMES | GRAPH_NAMES


def test_stub_and_extension_have_the_same_names(native):
    public = {name for name in vars(native) if not name.startswith("_")}
    assert public == stub().keys()


def stub_parameters(node):
    """Names, kinds and defaults of a function of the stub."""
    arguments, empty = node.args, inspect.Parameter.empty
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = len(positional) - len(arguments.defaults)
    defaults = [empty] * missing + [ast.literal_eval(value) for value in arguments.defaults]
    found = [
        (argument.arg, "POSITIONAL_OR_KEYWORD", default)
        for argument, default in zip(positional, defaults, strict=True)
        if argument.arg not in ("self", "cls")
    ]
    for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        default = empty if value is None else ast.literal_eval(value)
        found.append((argument.arg, "KEYWORD_ONLY", default))
    return found


def test_stub_and_extension_have_the_same_parameters(native):
    found = stub().items()
    functions = {name: node for name, node in found if isinstance(node, ast.FunctionDef)}
    assert len(functions) > 5
    for name, node in functions.items():
        assert signature(getattr(native, name)) == stub_parameters(node), name


def test_stub_and_extension_have_the_same_methods(native):
    found = stub().items()
    classes = {name: node for name, node in found if isinstance(node, ast.ClassDef)}
    assert classes
    for name, node in classes.items():
        methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
        cls = getattr(native, name)
        public = {key for key in vars(cls) if not key.startswith("_")}
        assert public == methods.keys() - {"__new__"}
        if "__new__" in methods:
            assert signature(cls) == stub_parameters(methods.pop("__new__"))
        for key, method in methods.items():
            if callable(getattr(cls, key)):  # a property has no signature
                parameters = [p for p in signature(getattr(cls, key)) if p[0] != "self"]
                assert parameters == stub_parameters(method), key


def test_stub_names_only_what_the_package_uses():
    """Each function of the extension has a caller, or is one of the fixed names."""
    root = Path(parquetframe.__file__).parent
    sources = [path.read_text(encoding="utf-8") for path in root.rglob("*.py")]
    assert len(sources) > 50
    for name in stub().keys() - NATIVE_NAMES - GRAPH_NAMES:
        assert any(f".{name}(" in text or f".{name}." in text for text in sources), name


def test_extension_lives_inside_the_package():
    assert importlib.util.find_spec("_rustic") is None
