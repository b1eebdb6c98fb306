"""Ways to damage a file. Each gives pairs of a label, which says how to do it again, and bytes."""

from __future__ import annotations

import copy
import random

from corruption import thrift

ODD_NUMBERS = (
    -1,
    0,
    1,
    2,
    7,
    255,
    256,
    65_535,
    2**31 - 1,
    2**31,
    2**32,
    2**62,
    -(2**62),
    2**63 - 1,
)


def truncations(content, wanted, seed):
    """The first n bytes: every n of a small file, else random ones, both ends always."""
    lengths = range(len(content))
    if len(lengths) > wanted:
        rng = random.Random(seed)
        edges = {0, 1, 3, 4, 8, 11, 12, len(content) - 1, len(content) - 4, len(content) - 8}
        lengths = sorted(
            {n for n in edges if 0 <= n < len(content)} | set(rng.sample(lengths, wanted))
        )
    for length in lengths:
        yield f"first {length} bytes", content[:length]


def flips(content, wanted, seed):
    """One to four random bits turned over."""
    rng = random.Random(seed)
    for _ in range(wanted):
        damaged = bytearray(content)
        bits = [rng.randrange(len(content) * 8) for _ in range(rng.choice((1, 1, 2, 4)))]
        for bit in bits:
            damaged[bit // 8] ^= 1 << bit % 8
        yield f"bits {bits} flipped", bytes(damaged)


def splices(content, wanted, seed):
    """A range removed, doubled, overwritten, or exchanged for another range."""
    rng = random.Random(seed)
    for _ in range(wanted):
        length = min(rng.choice((1, 2, 4, 16, 64, 256)), len(content))
        start, other = (rng.randrange(len(content) - length + 1) for _ in range(2))
        how = rng.choice(("removed", "doubled", "zeros", "ones", "random", "copied"))
        part = content[start : start + length]
        new = {
            "removed": b"",
            "doubled": part * 2,
            "zeros": bytes(length),
            "ones": b"\xff" * length,
            "random": rng.randbytes(length),
            "copied": content[other : other + length],
        }[how]
        label = f"{how}: {length} bytes at {start}" + f" from {other}" * (how == "copied")
        yield label, content[:start] + new + content[start + length :]


def split_parquet(content):
    """Everything before the footer, and the footer as a tree."""
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    return content[:start], thrift.read_struct(content, start)[0]


def join_parquet(pages, footer):
    """A file of pages, which begin with the magic bytes, and a footer."""
    tail = thrift.write_struct(footer)
    return pages + tail + len(tail).to_bytes(4, "little") + b"PAR1"


def footer_numbers(content, wanted, seed):
    """One or two numbers of a Parquet footer exchanged for odd ones."""
    rng = random.Random(seed)
    pages, healthy = split_parquet(content)
    for _ in range(wanted):
        footer = copy.deepcopy(healthy)
        places = list(thrift.numbers_in(footer))
        changes = []
        for _ in range(rng.choice((1, 1, 2))):
            index = rng.randrange(len(places))
            changes.append((index, _change(places[index], rng)))
        yield f"footer numbers {changes}", join_parquet(pages, footer)


def _change(place, rng):
    holder, key = place
    near = holder[key] + rng.choice((-2, -1, 1, 2, 8))
    holder[key] = rng.choice((near, near, holder[key] * 2, *ODD_NUMBERS, rng.getrandbits(34)))
    return holder[key]


def page_header_numbers(content, wanted, seed):
    """A number of a Parquet page header exchanged for one that takes as many bytes."""
    rng = random.Random(seed)
    starts = list(_page_starts(content))
    for _ in range(wanted if starts else 0):
        start = rng.choice(starts)
        header, end = thrift.read_struct(content, start)
        places = list(thrift.numbers_in(header))
        index = rng.randrange(len(places))
        holder, key = places[index]
        width = len(thrift.zigzag(holder[key]))
        for _ in range(20):
            new = rng.choice((holder[key] + rng.choice((-1, 1, 2)), rng.getrandbits(7 * width - 1)))
            if len(thrift.zigzag(new)) == width:
                break
        else:
            continue
        holder[key] = new
        damaged = content[:start] + thrift.write_struct(header) + content[end:]
        yield f"number {index} of the page header at {start} is {new}", damaged


def _page_starts(content):
    """Where each column chunk begins."""
    _, footer = split_parquet(content)
    for group in thrift.find(footer, 4)[1]:
        for chunk in thrift.find(group, 1)[1]:
            offsets = [thrift.find(chunk, 3, field) for field in (9, 11)]
            if thrift.find(chunk, 3, 7):  # bytes; a group without rows has no pages
                yield min(offset for offset in offsets if offset)


def avro_blocks(content):
    """Length of the header, and each block's count, body and end; the marker is the file's last 16."""
    marker = content[-16:]
    at = content.index(marker) + 16
    header, blocks = at, []
    while at < len(content):
        count, at = thrift.read_zigzag(content, at)
        size, at = thrift.read_zigzag(content, at)
        blocks.append((count, content[at : at + size], at + size + 16))
        at += size + 16
    return header, blocks


def block_numbers(content, wanted, seed):
    """Counts, sizes and markers of Avro blocks exchanged; blocks left out, doubled, reordered."""
    rng = random.Random(seed)
    start, blocks = avro_blocks(content)
    marker = content[start - 16 : start]
    for _ in range(wanted if blocks else 0):
        chosen = rng.randrange(len(blocks))
        how = rng.choice(("count", "size", "marker", "body", "overlong"))
        parts, value = [content[:start]], None
        for index, (count, body, _) in enumerate(blocks):
            number, size, end = thrift.zigzag(count), thrift.zigzag(len(body)), marker
            if index == chosen and how in ("count", "size"):
                old = count if how == "count" else len(body)
                value = rng.choice((old - 1, old + 1, old * 2, *ODD_NUMBERS))
                number, size = (
                    (thrift.zigzag(value), size)
                    if how == "count"
                    else (number, thrift.zigzag(value))
                )
            elif index == chosen and how == "marker":
                end = rng.randbytes(16)
            elif index == chosen and how == "body":
                body, value = _damaged(body, rng)  # noqa: PLW2901
                size = thrift.zigzag(len(body))
            elif index == chosen:
                number = b"\x80" * rng.randrange(1, 12) + b"\x01"
            parts += [number, size, body, end]
        yield f"{how} of block {chosen}: {value}", b"".join(parts)


def _damaged(body, rng):
    if not body:
        return b"\0", "one byte more"
    at = rng.randrange(len(body))
    return rng.choice(
        (
            (body[:at], f"cut at {at}"),
            (body + rng.randbytes(3), "three bytes more"),
            (
                body[:at] + bytes([body[at] ^ 1 << rng.randrange(8)]) + body[at + 1 :],
                f"bit at {at}",
            ),
        )
    )
