# SPDX-License-Identifier: Apache-2.0
"""tallyman lint with thousands of documents in one call: memory does not grow with their number."""

import os
import subprocess
import tempfile
import unittest

from fixture import COMMAND, ENVIRONMENT

COUNT = 2000
FINDINGS = 20
# Keeping the findings of all documents, or their report, would take several times as much.
ALLOWED_KIB = 4 * 1024


class Memory(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="tallyman-")
        self.addCleanup(holder.cleanup)
        self.report = os.path.join(holder.name, "report")
        self.documents = os.path.join(holder.name, "documents")
        content = b"<Metadata>" + b"<A-B>1</A-B>" * FINDINGS + b"</Metadata>\n"
        for number in range(COUNT):
            folder = os.path.join(self.documents, str(number % (COUNT // 100)))
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"{number}.xml"), "wb") as file:
                file.write(content)

    def peak_of(self, *arguments):
        """The most memory that the command had, in KiB, and how long its report was."""
        # The sanitizer's own store of freed memory is no memory of ours.
        environment = {**ENVIRONMENT, "ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}
        with open(self.report, "wb") as report:
            process = subprocess.Popen([COMMAND, "lint", "-j", "2", *arguments], stdout=report, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 1)
        return usage.ru_maxrss, os.path.getsize(self.report)

    def test_thousands_of_files(self):
        for form in ("json", "sarif"):
            few, _ = self.peak_of("-f", form, os.path.join(self.documents, "0"))
            many, size = self.peak_of("-f", form, self.documents)
            print(f"{form}: {many} KiB for {COUNT} files, {few} KiB for 100; a report of {size} bytes")
            self.assertLess(many, few + ALLOWED_KIB)
            self.assertGreater(size, 4 * 1024 * ALLOWED_KIB)


if __name__ == "__main__":
    unittest.main()
