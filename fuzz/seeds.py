# ruff: noqa: INP001, T201 - a script that prints
"""Seeds for the fuzz targets: the healthy samples of the corruption tests, and a few bombs.

    python fuzz/seeds.py [FOLDER]

Writes `corpus/<target>/` (default: beside this script), nothing else; seeds are not committed.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "io_corrupt"))

from corruption import bombs, samples  # noqa: E402

SMALL_ROWS = 12
MAX_SEED = 16 << 10  # libFuzzer works best on inputs of a few kilobytes


def seeds() -> dict[str, dict[str, bytes]]:
    """Target, name and bytes of every seed."""
    parquet = samples.parquet_samples(SMALL_ROWS)
    avro = samples.avro_samples(SMALL_ROWS)
    parquet |= {bomb.__name__: bomb(bombs.FEW) for bomb in bombs.PARQUET_BOMBS}
    avro |= {bomb.__name__: bomb(bombs.FEW) for bomb in bombs.AVRO_BOMBS}
    footers = {name: _footer(content) for name, content in parquet.items()}
    parquet = {name: content for name, content in parquet.items() if len(content) < MAX_SEED}
    return {"parquet_footer": footers, "parquet_page": parquet, "avro_ocf": avro}


def _footer(content: bytes) -> bytes:
    length = int.from_bytes(content[-8:-4], "little")
    return content[-8 - length : -8]


def main() -> None:
    """Write them."""
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus"
    for target, files in seeds().items():
        folder = corpus / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / f"seed-{name}").write_bytes(content)
        size = sum(map(len, files.values()))
        print(f"{target}: {len(files)} seeds, {size:,} bytes")


if __name__ == "__main__":
    main()
