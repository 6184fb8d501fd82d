# SPDX-License-Identifier: Apache-2.0
"""audit with logs of 250,000 entries in another order than the manifest's: 64 bytes an entry, and no more."""

import json
import os
import random
import subprocess
import sys
import unittest

import audit_maker as maker
from fixture import COMMAND, DriveCase, ENVIRONMENT

FEW, MANY = 1000, 250000
# 64 bytes an entry of the log, 32 for lint's duplicates and 16 for each name, and room for allocators.
ALLOWED_KIB = (64 + 48) * MANY // 1024 + 4 * 1024
EMPTY = "<Blob><BlobPath>{0}</BlobPath><FilePath>\\{1}</FilePath><Length>0</Length><BlockList/></Blob>\n"


def names_of(count):
    names = [f"data/{i % 97:03}/{i:07}.bin" for i in range(count)]
    shuffled = list(names)
    random.Random(count).shuffle(shuffled)
    return names, shuffled


def make(folder, count):
    names, shuffled = names_of(count)
    items = "".join(EMPTY.format(n, n.replace("/", "\\")) for n in names)
    with open(os.path.join(folder, f"{count}.manifest.xml"), "w", encoding="utf-8") as file:
        file.write(maker.manifest([]).replace("</BlobList>", items + "</BlobList>"))
    # One is missing, one is nobody's, one has another size.
    lines = [f'<File CloudFormat="BlockBlob" Path="{n}" Size="0" crc64="0"></File>\n' for n in shuffled[1:-1]]
    lines.append(f'<File CloudFormat="BlockBlob" Path="{shuffled[-1]}" Size="5" crc64="7"></File>\n')
    lines.insert(count // 2, '<File CloudFormat="BlockBlob" Path="data\\nobody" Size="0" crc64="0"></File>\n')
    with open(os.path.join(folder, f"{count}.log.xml"), "w", encoding="utf-8") as file:
        file.write("".join(lines))


class Memory(DriveCase):
    def peak_of(self, manifest, log):
        environment = {**ENVIRONMENT, "ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}
        report = self.path("report")
        with open(report, "wb") as file:
            arguments = [COMMAND, "audit", "--quiet", "-f", "json", "--manifest", manifest, "--log", log]
            process = subprocess.Popen(arguments, stdout=file, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 1)
        with open(report, encoding="utf-8") as file:
            return usage.ru_maxrss, json.load(file)

    def test_large_logs(self):
        peaks = {}
        for count in (FEW, MANY):
            # Elsewhere: what this process once held would count as the command's.
            subprocess.run([sys.executable, "-B", __file__, "make", self.folder, str(count)], check=True, timeout=120)
            peaks[count], report = self.peak_of(self.path(f"{count}.manifest.xml"), self.path(f"{count}.log.xml"))
            audit = report["audit"]
            self.assertEqual((audit["log_entries"], audit["blobs_logged"], audit["blobs_stored"]), (count,) + (count - 1,) * 2)
            found = sorted(f["rule"] for f in report["findings"] if f["rule"].startswith("A-"))
            self.assertEqual(found, ["A-10", "A-40", "A-41"])
        print(f"{peaks[MANY]} KiB for {MANY} entries, {peaks[FEW]} KiB for {FEW}")
        self.assertLess(peaks[MANY], peaks[FEW] + ALLOWED_KIB)


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(sys.argv[2], int(sys.argv[3]))
    else:
        unittest.main()
