"""Plain data to YAML text that both YAML 1.1 and YAML 1.2 readers understand alike."""

from __future__ import annotations

import os
import re
from typing import Any

import yaml

from parquetframe.workflow.resolver import FLOAT, INT

__all__ = ["dump_yaml"]

_CORE = "tag:yaml.org,2002:"


class _Dumper(yaml.SafeDumper):
    """Quotes every text that some YAML version would not read as text; writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - signature of PyYAML
        return True


for _tag, _pattern in (("int", INT), ("float", FLOAT)):
    _Dumper.add_implicit_resolver(
        _CORE + _tag, re.compile(rf"(?:{_pattern.pattern})\Z"), list("-+.0123456789")
    )


_BREAKS = re.compile("[\r\x85\u2028\u2029\ufeff]")


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Breaks other than a line feed are escaped: other styles would fold them."""
    return dumper.represent_scalar(_CORE + "str", text, style='"' if _BREAKS.search(text) else None)


_Dumper.add_representer(str, _represent_text)


def dump_yaml(data: Any) -> str:
    """Write data as YAML text that :func:`load_document` reads back to the same data.

    Args:
        data: Dicts, lists, tuples (as lists), paths (as texts) and scalars.

    Returns:
        Block style, keys in their order.

    Raises:
        TypeError: Something that YAML cannot hold, such as a function; its key path is named.
        ValueError: Data that contain themselves.

    Examples:
        >>> print(dump_yaml({"on": "NO", "at": "12:30", "n": 1}), end="")
        'on': 'NO'
        at: '12:30'
        n: 1
    """
    text: str = yaml.dump(
        _plain(data, "", ()),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=100,
    )
    return text


def _plain(value: Any, where: str, parents: tuple[int, ...]) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if id(value) in parents:
        message = f"{where or 'the data'} contains itself"
        raise ValueError(message)
    inner = (*parents, id(value))
    if isinstance(value, dict):
        return {
            _plain(k, f"{where}.{k}", inner): _plain(v, f"{where}.{k}".lstrip("."), inner)
            for k, v in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_plain(v, f"{where}[{i}]", inner) for i, v in enumerate(value)]
    message = f"{where or 'the data'}: YAML cannot hold a {type(value).__name__}"
    raise TypeError(message)
