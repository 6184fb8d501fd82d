# SPDX-License-Identifier: Apache-2.0
"""check with sixteen threads, large files and small ones: 256 MiB beside what the program takes for itself, however it reads.

What is counted is the peak of all that is in memory for the process: its own memory, and what it has mapped of files and
not yet let go.
"""

import os
import subprocess
import sys
import unittest

from fixture import COMMAND, DriveCase, ENVIRONMENT, md5

MIB = 1 << 20
BOUND_KIB = 256 * 1024
THREADS = 16
# What one thread is given at a time: a large file for each of its lanes to have something of, and small ones.
GROUPS, IN_GROUP, SMALL = 32, 255, 3000
LARGE = ((64 * MIB, 4 * MIB), (64 * MIB, 4 * MIB), (32 * MIB, 32 * MIB), (16 * MIB, 64 << 10))  # sizes of files and segments


def blob(path, size, segment, hashes):
    blocks = "".join(
        f'<Block Offset="{at}" Length="{min(segment, size - at)}" Hash="{hashes[min(segment, size - at)]}"/>'
        for at in range(0, size, segment)
    )
    name = path.replace("\\", "/")
    return (
        f"<Blob><BlobPath>{name}</BlobPath><FilePath>\\{path}</FilePath><Length>{size}</Length>"
        f"<BlockList>{blocks}</BlockList></Blob>\n"
    )


def make(folder):
    """Files of zeros, of which the large ones take no room on the disk."""
    hashes = {size: md5(bytes(size)) for size in (*(segment for _, segment in LARGE), SMALL)}
    blobs = []
    os.makedirs(os.path.join(folder, "data"))
    for group in range(GROUPS):
        size, segment = LARGE[group % len(LARGE)]
        with open(os.path.join(folder, "data", f"{group}.bin"), "wb") as file:
            file.truncate(size)
        blobs.append(blob(f"data\\{group}.bin", size, segment, hashes))
        for number in range(IN_GROUP):
            with open(os.path.join(folder, "data", f"{group}-{number}.bin"), "wb") as file:
                file.write(bytes(SMALL))
            blobs.append(blob(f"data\\{group}-{number}.bin", SMALL, SMALL, hashes))
    with open(os.path.join(folder, "DriveManifest.xml"), "w", encoding="utf-8") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<DriveManifest Version="2014-11-01">\n<Drive>'
            f"<DriveId>9WM35C2V</DriveId><StorageAccountKey>{'A' * 86}==</StorageAccountKey>\n"
            f"<BlobList>\n{''.join(blobs)}</BlobList>\n</Drive>\n</DriveManifest>\n"
        )


class Memory(DriveCase):
    def peak_of(self, *arguments):
        environment = {**ENVIRONMENT, "ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}
        process = subprocess.Popen([COMMAND, "check", "--quiet", *arguments], stdout=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return usage.ru_maxrss

    def test_every_way_of_reading(self):
        drive = self.path("drive")
        # Elsewhere: what this process once held would count as the command's.
        subprocess.run([sys.executable, "-B", __file__, "make", drive], check=True, timeout=240)
        base = self.peak_of(self.good, "--jobs", "1", "--io", "read")
        for io in ("auto", "mmap", "read", "direct"):
            with self.subTest(io=io):
                peak = self.peak_of(drive, "--jobs", str(THREADS), "--io", io)
                print(f"{io}: {peak} KiB, {base} KiB of them for a drive of three small files and one thread")
                self.assertLessEqual(peak, base + BOUND_KIB)


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(sys.argv[2])
    else:
        unittest.main()
