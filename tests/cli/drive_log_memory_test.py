# SPDX-License-Identifier: Apache-2.0
"""The predicted log of a large drive: memory does not grow with it."""

import os
import subprocess
import tempfile
import unittest

from fixture import COMMAND, ENVIRONMENT, make_drive

BLOBS = 20000
BLOCKS = 50000
# A blob may take 80 bytes, to find duplicates. Keeping the log in memory would take more than twice as much.
ALLOWED_KIB = 2048


class Memory(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="tallyman-")
        self.addCleanup(holder.cleanup)
        self.folder = holder.name

    def drive(self, name, files, block):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        make_drive(folder, files, block=block)
        return folder

    def peak_of(self, drive):
        """The most memory that the command had until its last bytes came, in KiB, and how long its log was.

        What the kernel says of a child that has ended counts the memory of this interpreter, too.
        """
        # The sanitizer's own store of freed memory is no memory of ours.
        environment = {**ENVIRONMENT, "ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}
        process = subprocess.Popen(
            [COMMAND, "check", "-q", "-j", "1", "--io", "read", "-f", "drivelog", drive],
            stdout=subprocess.PIPE, env=environment, bufsize=0,
        )
        peak = size = 0
        with process:
            while part := process.stdout.read(65536):
                size += len(part)
                with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                    for line in status:
                        if line.startswith("VmHWM:"):
                            peak = int(line.split()[1])
        self.assertEqual(process.returncode, 0)
        self.assertGreater(peak, 1000)
        return peak, size

    def expect_no_growth(self, small, large):
        few, _ = self.peak_of(small)
        many, size = self.peak_of(large)
        print(f"{os.path.basename(large)}: {many} KiB for a log of {size} bytes, {few} KiB for a tenth of it")
        self.assertLess(many, few + ALLOWED_KIB)
        self.assertGreater(size, 2 * 1024 * ALLOWED_KIB)

    def test_many_blobs(self):
        files = [(f"\\{i % 100}\\{i}", b"%d" % i) for i in range(BLOBS)]
        self.expect_no_growth(self.drive("few", dict(files[:BLOBS // 10]), 4096), self.drive("blobs", dict(files), 4096))

    def test_many_blocks(self):
        content = bytes(16 * BLOCKS)
        self.expect_no_growth(
            self.drive("few", {"\\a": content[:len(content) // 10]}, 16), self.drive("blocks", {"\\a": content}, 16)
        )


if __name__ == "__main__":
    unittest.main()
