#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often a check makes a disk seek backwards, by what the disk itself is asked for.

    seeks.py TALLYMAN IMAGE JOURNAL [KEY-FILE]

The image (make_image with `shuffled`, so that its files lie in another order than the manifest's) is attached as a
loop device, past the page cache of its file, and the kernel tells every request that reaches the device: reading ahead,
mapped reads and all. A device that rotates is read in the order of its places, batch by batch; one that doesn't, in the
manifest's order: so the same check on the same device, told to rotate or not, shows both. Takes root, loop devices and
tracefs (mount -t tracefs nodev /sys/kernel/tracing).
"""

import os
import re
import subprocess
import sys
import threading
import time

TRACING = "/sys/kernel/tracing"
FAR = 1 << 20
REQUEST = re.compile(rb"block_rq_issue: \d+,\d+ (\w+) \d+ \([^)]*\) (\d+) \+ (\d+) ")


def put(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


class Trace:
    """The requests of one device, from `with` on: (byte, bytes), in the order in which it was asked."""

    def __init__(self, device):
        self.folder = f"{TRACING}/instances/tallyman-{os.getpid()}"
        number = os.stat(device).st_rdev
        # As the kernel writes device numbers for itself.
        self.filter = f"dev == {os.major(number) << 20 | os.minor(number)}"
        self.requests = []

    def __enter__(self):
        os.mkdir(self.folder)
        event = f"{self.folder}/events/block/block_rq_issue"
        put(f"{self.folder}/buffer_size_kb", "16384")
        put(f"{event}/filter", self.filter)
        put(f"{event}/enable", "1")
        self.pipe = os.open(f"{self.folder}/trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.read)
        self.thread.start()
        return self

    def take(self):
        """What there is; False: nothing."""
        try:
            piece = os.read(self.pipe, 1 << 20)
        except BlockingIOError:
            return False
        for kind, sector, count in REQUEST.findall(piece):
            if b"R" in kind and count != b"0":
                self.requests.append((int(sector) * 512, int(count) * 512))
        return True

    def read(self):
        while not self.ended.is_set():
            if not self.take():
                time.sleep(0.01)
        while self.take():
            pass

    def lost(self):
        total = 0
        for cpu in os.listdir(f"{self.folder}/per_cpu"):
            with open(f"{self.folder}/per_cpu/{cpu}/stats", encoding="ascii") as file:
                total += sum(int(line.split()[-1]) for line in file if line.startswith(("overrun", "dropped")))
        return total

    def __exit__(self, *reason):
        self.ended.set()
        self.thread.join()
        lost = self.lost()
        os.close(self.pipe)
        os.rmdir(self.folder)
        if lost and reason[0] is None:
            sys.exit(f"seeks.py: the kernel lost {lost} requests: the count would be too small")


def attach(image):
    command = ["losetup", "--read-only", "--direct-io=on", "--find", "--show", image]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def measure(name, arguments, image, jobs, rotates):
    device = attach(image)
    try:
        put(f"/sys/block/{os.path.basename(device)}/queue/rotational", "1" if rotates else "0")
        with Trace(device) as trace:
            start = time.monotonic()
            command = [arguments[0], "check", "-q", "-j", str(jobs), device, "--journal", arguments[1], *arguments[2:]]
            result = subprocess.run(command, check=False, stdout=subprocess.PIPE)
            seconds = time.monotonic() - start
        if b" blobs, " not in result.stdout or result.returncode == 3:
            sys.exit(f"seeks.py: {' '.join(command)} ended with {result.returncode}")
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)
    at = back = forward = 0
    for offset, size in trace.requests:
        back += offset < at - FAR
        forward += offset > at + FAR
        at = offset + size
    total = sum(size for _, size in trace.requests)
    print(f"{name:44} {len(trace.requests):9} {total / 1e9:7.2f} {back:10} {forward:10} {seconds:9.1f}")


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: seeks.py TALLYMAN IMAGE JOURNAL [KEY-FILE]")
    tallyman, image, journal, *key = sys.argv[1:]
    arguments = [tallyman, journal, *(["--key-file", key[0]] if key else [])]
    if os.geteuid() != 0 or not os.path.isdir(f"{TRACING}/instances"):
        sys.exit("seeks.py: takes root, and tracefs in " + TRACING)
    print(f"{'':44} {'requests':>9} {'GB':>7} {'back':>10} {'forward':>10} {'seconds':>9}")
    print(f"{'':44} {'':9} {'':7} {'> 1 MiB':>10} {'> 1 MiB':>10}")
    for jobs in (1, 2):
        threads = f"{jobs} thread{'s' if jobs > 1 else ''}"
        measure(f"in the manifest's order, {threads}", arguments, image, jobs, False)
        measure(f"in the order of places, {threads}", arguments, image, jobs, True)


if __name__ == "__main__":
    main()
