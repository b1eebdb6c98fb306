# The compiled extension; programs use the public functions of parquetframe instead.

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

@final
class CancellationToken:
    def __new__(cls) -> CancellationToken: ...
    def cancel(self) -> None: ...
    def is_cancelled(self) -> bool: ...

def rust_available() -> bool: ...
def rust_version() -> str: ...
def workflow_rust_available() -> bool: ...
def workflow_metrics() -> dict[str, Any]: ...
def execute_step(
    step_type: str, config: Mapping[str, Any], context: Mapping[str, Any] | None = None
) -> dict[str, Any]: ...
def create_dag(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]: ...
def plan_workflow(canonical: Mapping[str, Any], data: bool = True) -> dict[str, Any]: ...
def execute_workflow(
    config: Mapping[str, Any],
    max_parallel: int | None = None,
    on_progress: Callable[[dict[str, Any]], object] | None = None,
    cancel_token: CancellationToken | None = None,
    step_handler: Callable[[str, str, dict[str, Any], dict[str, Any]], object] | None = None,
    *,
    canonical: Mapping[str, Any] | None = None,
    on_event: Callable[[dict[str, Any]], object] | None = None,
) -> dict[str, Any]: ...

# Readers and writers; their results have no public name.

def io_read(
    format: str,  # noqa: A002 - the name of the argument is fixed
    sources: Sequence[str | bytes],
    options: str,
    token: CancellationToken | None = None,
    progress: Callable[[int, int | None, int], object] | None = None,
) -> Any: ...
def io_read_pandas(
    format: str,  # noqa: A002 - the name of the argument is fixed
    sources: Sequence[str | bytes],
    options: str,
    token: CancellationToken | None = None,
    progress: Callable[[int, int | None, int], object] | None = None,
) -> Any: ...
def io_batches(
    format: str,  # noqa: A002 - the name of the argument is fixed
    sources: Sequence[str | bytes],
    options: str,
    token: CancellationToken | None = None,
) -> Any: ...
def io_write(
    format: str,  # noqa: A002 - the name of the argument is fixed
    data: Any,
    dest: str,
    options: str,
    token: CancellationToken | None = None,
    progress: Callable[[int, int | None, int], object] | None = None,
) -> str: ...
def io_parquet_metadata(source: str | bytes) -> Any: ...
def io_parquet_statistics(source: str | bytes, columns: Sequence[str] | None = None) -> str: ...
def io_row_count(
    format: str,  # noqa: A002 - the name of the argument is fixed
    sources: Sequence[str | bytes],
) -> int: ...
def io_schema(
    format: str,  # noqa: A002 - the name of the argument is fixed
    sources: Sequence[str | bytes],
    options: str,
) -> Any: ...
def io_avro_header(source: str | bytes) -> str: ...
