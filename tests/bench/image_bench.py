#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole encrypted disk: a check of its image against reading it, and against deciphering it and md5sum of its files.

    image_bench.py [-b BUILD] [-d FOLDER] [-n ROUNDS] [-f FILES] [-s BYTES] [--alone]

    BUILD   where tallyman, make_image and reading_bench were built (build/bench)
    FOLDER  for the image, kept for the next run, and what dislocker writes ($TMPDIR/tallyman-image): twice the image
    FILES   of BYTES each (200,000 of 100,000: 20 GB), GPT, BitLocker XTS-128, NTFS, in another order than the manifest's

All contenders take turns within each round, and the image is taken out of the page cache before each; a ratio is the
median of the rounds' ratios. Processor seconds are those of the contender with all its processes, and memory is the
largest of them (or this script's own, which they begin with). dislocker-file, ntfs-3g (which takes root) and md5sum are
used where they are installed; --alone leaves them out, as they take their time, and room for the image once more.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLACE = 32 << 20  # of the volume on the disk (make_image)


class Cost:
    """Of processes, one after or beside the other."""

    def __init__(self):
        self.start = time.monotonic()
        self.wall = self.cpu = self.memory = 0

    def add(self, process):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu += usage.ru_utime + usage.ru_stime
        self.memory = max(self.memory, usage.ru_maxrss * 1024)
        return process.returncode

    def run(self, command, **options):
        if self.add(subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)) != 0:
            sys.exit(f"image_bench.py: {command[0]} failed")

    def end(self):
        self.wall = time.monotonic() - self.start
        return self


class Bench:
    def __init__(self, options):
        self.options = options
        name = f"{options.folder}/{options.files}-{options.bytes}"
        self.image, self.drive, self.key_file = f"{name}.img", f"{name}.drive", f"{name}.key"
        self.journal, self.plain, self.mount = f"{name}.jrn", f"{name}.plain", f"{name}.mount"

    def tool(self, path):
        return os.path.join(self.options.build, path)

    def make(self):
        if os.path.exists(self.key_file):
            return
        os.makedirs(self.options.folder, exist_ok=True)
        shape = [str(self.options.files), str(self.options.bytes)]
        subprocess.run([self.tool("tests/bench/reading_bench"), "make", self.drive, self.journal, *shape], check=True)
        made = subprocess.run([self.tool("tests/maker/make_image"), self.drive, self.image, "shuffled"], check=True,
                              stdout=subprocess.PIPE)
        shutil.rmtree(self.drive)
        with open(self.key_file, "wb") as file:
            file.write(made.stdout)

    @staticmethod
    def drop(path):
        """Out of the page cache; needs no right but to read."""
        os.sync()
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def check_command(self, jobs, image):
        return [self.tool("src/cli/tallyman"), "check", "-q", "-j", str(jobs), image, "--journal", self.journal,
                "--key-file", self.key_file]

    def check_right(self):
        """A fast wrong check is worth nothing."""
        result = subprocess.run(self.check_command(2, self.image), stdout=subprocess.PIPE, check=False)
        blobs = f"{self.options.files:,} of {self.options.files:,} blobs".encode()
        if result.returncode != 0 or blobs not in result.stdout:
            sys.exit("image_bench.py: the check of the image ends with\n" + result.stdout.decode())

    # ---- contenders ----

    def cat(self):
        cost = Cost()
        cost.run(["cat", self.image])
        return cost.end()

    def check(self, jobs):
        cost = Cost()
        cost.run(self.check_command(jobs, self.image))
        return cost.end()

    def decipher(self):
        with open(self.key_file, encoding="ascii") as file:
            key = file.read().strip()
        if os.path.exists(self.plain):
            os.unlink(self.plain)
        cost = Cost()
        cost.run(["dislocker-file", "-q", "-O", str(PLACE), "-V", self.image, "-p" + key, "--", self.plain])
        return cost.end()

    def hash_files(self):
        os.makedirs(self.mount, exist_ok=True)
        cost = Cost()
        server = subprocess.Popen(["ntfs-3g", "-o", "ro,no_detach", self.plain, self.mount], stdout=subprocess.DEVNULL)
        try:
            while not os.path.ismount(self.mount):
                if server.poll() is not None:
                    sys.exit("image_bench.py: ntfs-3g failed")
                time.sleep(0.01)
            listed = subprocess.run(["find", f"{self.mount}/data", "-type", "f", "-print0"], check=True,
                                    stdout=subprocess.PIPE).stdout
            with tempfile.TemporaryFile() as names:
                names.write(b"\0".join(sorted(listed.split(b"\0")[:-1])))
                names.seek(0)
                cost.run(["xargs", "-0", "md5sum"], stdin=names)
        finally:
            subprocess.run(["umount", self.mount], check=False)
        cost.add(server)
        return cost.end()

    def contenders(self):
        found = [("cat of the image", self.image, self.cat),
                 ("check -j 1", self.image, lambda: self.check(1)),
                 ("check -j 2", self.image, lambda: self.check(2))]
        if shutil.which("dislocker-file") and not self.options.alone:
            found.append(("dislocker-file", self.image, self.decipher))
            if shutil.which("ntfs-3g") and os.geteuid() == 0:
                found.append(("  and then md5sum", self.plain, self.hash_files))
        return found

    def measure(self):
        contenders = self.contenders()
        costs = {name: [] for name, _, _ in contenders}
        for _ in range(self.options.rounds):
            for name, reads, run in contenders:
                self.drop(reads)
                costs[name].append(run())
            if os.path.exists(self.plain):
                os.unlink(self.plain)
        return costs

    def report(self, costs):
        size = os.path.getsize(self.image)
        first = next(iter(costs.values()))
        print(f"{self.options.files} files of {self.options.bytes} bytes, an image of {size / 1e9:.1f} GB, "
              f"{self.options.rounds} rounds, {os.cpu_count()} processors")
        print(f"{'':24} {'median s':>9} {'best s':>8} {'GB/s':>6} {'x wall':>7} {'cpu s':>8} {'x cpu':>7} {'peak MiB':>9}")
        for name, of in costs.items():
            wall = statistics.median(cost.wall for cost in of)
            ratio = statistics.median(cost.wall / base.wall for cost, base in zip(of, first))
            cpu = statistics.median(cost.cpu / base.cpu for cost, base in zip(of, first))
            print(f"{name:24} {wall:9.1f} {min(cost.wall for cost in of):8.1f} {size / wall / 1e9:6.2f} {ratio:7.2f} "
                  f"{statistics.median(cost.cpu for cost in of):8.1f} {cpu:7.2f} "
                  f"{max(cost.memory for cost in of) / (1 << 20):9.0f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-b", dest="build", default=f"{SOURCE}/build/bench")
    parser.add_argument("-d", dest="folder", default=os.path.join(tempfile.gettempdir(), "tallyman-image"))
    parser.add_argument("-n", dest="rounds", type=int, default=3)
    parser.add_argument("-f", dest="files", type=int, default=200000)
    parser.add_argument("-s", dest="bytes", type=int, default=100000)
    parser.add_argument("--alone", action="store_true")
    bench = Bench(parser.parse_args())
    bench.make()
    bench.check_right()
    bench.report(bench.measure())


if __name__ == "__main__":
    main()
