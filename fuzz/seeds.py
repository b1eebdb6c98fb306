# ruff: noqa: INP001, T201 - a script that prints
"""Seeds for the fuzz targets: healthy samples of the corruption tests, a few bombs, a few graphs.

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

CSV_CHOICES = 32  # the first bytes of an input choose the options
CSV_TEXTS = {
    "types": b'i,f,b,d,t,s\n1,0.5,true,2020-01-02,2020-01-02T03:04:05Z,x\n-2,1e9,false,,,""\n',
    "quotes": b'a,b\r\n"x, ""y""\nz",1\r\n"p"q,2\r\n# no comment,3\r\n',
    "numbers": b"n\n007\n+5\n9223372036854775808\n1e999\n0.1234567890123456789\n-0\n",
    "ragged": b'a,b,c\n1\n1,2\n1,2,3,4\n\n"open\n',
    "ends": b"a;b\r1;2\r\r\n\n3;4",
    "bytes": b"\xef\xbb\xbfn\xc3\xa4me\tv\n\xff\t\x00\n",
}

GRAPHS = {  # the first bytes choose the options
    "plain": bytes(8) + bytes(range(60)),
    "options": bytes((1, 1, 1, 1, 1, 1, 9)) + bytes(range(20)) * 3,
    "texts": bytes((11, 0, 0, 0, 1, 1, 2, 3, 5, 7, 9, 0)) + bytes(x * 7 % 256 for x in range(400)),
}


def seeds() -> dict[str, dict[str, bytes]]:
    """Target, name and bytes of every seed."""
    parquet = samples.parquet_samples(SMALL_ROWS)
    avro = samples.avro_samples(SMALL_ROWS)
    parquet |= {bomb.__name__: bomb(bombs.FEW) for bomb in bombs.PARQUET_BOMBS}
    avro |= {bomb.__name__: bomb(bombs.FEW) for bomb in bombs.AVRO_BOMBS}
    footers = {name: _footer(content) for name, content in parquet.items()}
    parquet = {name: content for name, content in parquet.items() if len(content) < MAX_SEED}
    csv = {name: bytes(CSV_CHOICES) + text for name, text in CSV_TEXTS.items()}
    csv_targets = dict.fromkeys(("csv_read", "csv_sniff", "csv_write"), csv)
    graphs = dict.fromkeys(("graph_build", "graph_ids"), GRAPHS)
    return (
        graphs
        | {"parquet_footer": footers, "parquet_page": parquet, "avro_ocf": avro}
        | csv_targets
    )


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
