"""One exception tree: everything under the root, with the builtins that callers would catch."""

from __future__ import annotations

import inspect
import pickle

import pytest

from parquetframe import errors

CLASSES = [getattr(errors, name) for name in errors.__all__]


def test_all_lists_every_class():
    defined = [name for name, value in vars(errors).items() if inspect.isclass(value)]
    own = {name for name in defined if getattr(errors, name).__module__ == errors.__name__}
    assert own == set(errors.__all__)
    assert len(own) > 20


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_has_text_data_and_root(kind):
    error = kind("no column 'x'", hint="did you mean 'y'?", path="a.csv", row=3)
    assert isinstance(error, errors.ParquetFrameError)
    assert str(error) == error.message == "no column 'x'"
    assert (error.hint, error.path, error.row) == ("did you mean 'y'?", "a.csv", 3)
    assert inspect.getdoc(kind)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_survives_pickling(kind):
    error = pickle.loads(pickle.dumps(kind("text", step="late")))
    assert type(error) is kind
    assert str(error) == "text"
    assert error.step == "late"


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.IoError, OSError),
        (errors.IoError, ValueError),
        (errors.SourceNotFound, FileNotFoundError),
        (errors.LimitExceeded, MemoryError),
        (errors.SchemaError, ValueError),
        (errors.ExpressionError, ValueError),
        (errors.GraphError, ValueError),
        (errors.VertexNotFound, KeyError),
        (errors.UnsupportedFeature, NotImplementedError),
        (errors.ValidationError, ValueError),
        (errors.CycleError, errors.ValidationError),
        (errors.CheckError, errors.StepError),
        (errors.RunCancelled, errors.Cancelled),
        (errors.RunCancelled, errors.WorkflowError),
        (errors.InternalError, RuntimeError),
    ],
)
def test_leaves_inherit_what_callers_catch(kind, builtin):
    assert issubclass(kind, builtin)


def test_root_is_no_value_error():
    assert not issubclass(errors.ParquetFrameError, ValueError)
    assert not issubclass(errors.StepError, ValueError)
