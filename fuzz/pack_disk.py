#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packs a disk or container into an input of the targets `partitions`, `vhd` and `vhdx` (see disk.h).

pack_disk.py FILE INPUT [ORDERS [FAILING_READ]]
"""
import struct
import sys

SECTOR = 512
RUN = 63  # sectors: what a piece can hold
PIECES = 64


def pieces(data):
    run, begin = bytearray(), 0
    for offset in range(0, len(data), SECTOR):
        sector = data[offset:offset + SECTOR]
        if not any(sector) or len(run) == RUN * SECTOR:
            if run:
                yield begin, bytes(run).rstrip(b"\0")
            run = bytearray()
        if any(sector):
            if not run:
                begin = offset // SECTOR
            run += sector
    if run:
        yield begin, bytes(run).rstrip(b"\0")


def main():
    path, out = sys.argv[1:3]
    orders, failing_read = [int(x) for x in sys.argv[3:5]] + [0] * (5 - len(sys.argv))
    with open(path, "rb") as file:
        data = file.read()
    found = list(pieces(data))
    if len(found) > PIECES:
        sys.exit(f"{path}: {len(found)} pieces; an input has no more than {PIECES}")
    with open(out, "wb") as file:
        file.write(struct.pack("<IBB", len(data) // SECTOR, orders, failing_read))
        for sector, content in found:
            file.write(struct.pack("<IH", sector, len(content)) + content)


if __name__ == "__main__":
    main()
