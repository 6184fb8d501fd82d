# SPDX-License-Identifier: Apache-2.0
"""Whole reports of audit, to the last letter. TALLY_UPDATE_GOLDEN=1 writes them anew; the difference is to be reviewed."""

import json
import os
import unittest

import audit_maker as maker
from audit_maker import Blob, Entry
from fixture import DriveCase, SOURCE_DIR, run

GOLDEN = os.path.join(SOURCE_DIR, "tests", "cli", "golden")
VERSION = run("--version").stdout.split()[1]


def content(seed, size):
    return bytes((seed * 31 + i * 7 + i // 251) % 256 for i in range(size))


def results_of(sarif):
    """Without the rules, which are all of the catalogue's and have tests of their own."""
    (one,) = json.loads(sarif)["runs"]
    for result in one["results"]:
        del result["ruleIndex"]
    return json.dumps(one["results"], indent=1) + "\n"


class Golden(DriveCase):
    maxDiff = None

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return name

    def expect(self, name, *arguments, status):
        """Paths in a report are those of the command line, so it runs in the folder."""
        result = run("audit", *arguments, "drive", cwd=self.folder)
        self.expect_status(result, status)
        self.assertEqual(result.stderr, b"")
        text = result.stdout.replace(VERSION, b"0.0.0").decode()
        if name.endswith(".sarif"):
            text = results_of(text)
        path = os.path.join(GOLDEN, name)
        if os.environ.get("TALLY_UPDATE_GOLDEN"):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(text, file.read())

    def make_import(self):
        blobs = [
            Blob("pictures/a.jpg", content(1, 9000), disposition="rename"),
            Blob("pictures/b.jpg", content(2, 5000), disposition="rename"),
            Blob("disks/c.vhd", content(3, 8192), page=True),
            Blob("disks/d.vhd", content(4, 4096), page=True),
            Blob("texts/e.txt", b"e"),
        ]
        maker.make_drive(self.path("drive"), blobs)
        with open(os.path.join(self.folder, "drive", "disks", "d.vhd"), "r+b") as file:
            file.write(bytes([blobs[3].content[0] ^ 1]))
        return blobs

    def test_import(self):
        a, b, c, d, e = self.make_import()
        verbose = maker.verbose_2021([e, d, a]) + maker.stored("disks/c.vhd", c.content, "PageBlob", crc=1)
        self.write("verbose.xml", verbose + maker.stored("texts/f.txt", b""))
        entity = maker.errored("pictures\\b.jpg", "UploadErrorCloudHttp", 409, "There is currently a lease on the blob.")
        self.write("copy.xml", maker.copy_log([entity], 5))
        for form in ("text", "json", "junit", "sarif"):
            logs = ("--log", "copy.xml", "--log", "verbose.xml")
            self.expect(f"audit-import.{form}", "--format", form, *logs, status=1)

    def test_import_proven(self):
        blobs = [Blob("pictures/a.jpg", content(1, 9000)), Blob("pictures/b.jpg", content(2, 5000))]
        maker.make_drive(self.path("drive"), blobs)
        self.write("verbose.xml", maker.verbose_2021(blobs))
        self.expect("audit-proven.text", "--log", "verbose.xml", status=0)

    def test_drive_log(self):
        a, b, c, d, e = self.make_import()
        entries = [
            Entry(a, disposition=("rename", "Renamed"), path="pictures/a (2).jpg"),
            Entry(b, disposition=("no-overwrite", "Skipped")),
            Entry(c, "CompletedWithErrors", ("overwrite", "Overwritten"), bad={1: "Corrupted"}),
            Entry(d, disposition=("overwrite", "Created")),
        ]
        self.write("drive.xml", maker.drive_log(entries, "CompletedWithErrors"))
        self.write("other.xml", maker.drive_log([Entry(e)], drive_id="WD-WMATV6965824"))
        self.expect("audit-drive-log.text", "--log", "drive.xml", "--log", "other.xml", status=1)

    def test_export(self):
        blobs = [
            Blob("pictures/wild/a.jpg", content(1, 9000)),
            Blob("pictures/wild/b?.jpg", content(2, 5000), file_path="\\pictures\\wild\\000001"),
            Blob("pictures/wild/a.jpg", b"older", file_path="\\pictures\\wild\\000002", snapshot="2011-03-09T01:42:34.9360000Z"),
        ]
        maker.make_drive(self.path("drive"), blobs, export=True)
        with open(os.path.join(self.folder, "drive", "pictures", "wild", "a.jpg"), "r+b") as file:
            file.truncate(4096)
        entity = maker.errored("pictures/sc:Aifi", "UploadErrorWin32", 267, "File Create failed", cloud="BlockBlob")
        self.write("copy.xml", maker.copy_log([entity], 4))
        self.write(
            "list.xml",
            "<BlobList><BlobPath>pictures/wild/a.jpg</BlobPath><BlobPath>videos/x.mp4</BlobPath>"
            "<BlobPathPrefix>/books/</BlobPathPrefix></BlobList>",
        )
        for form in ("text", "json", "sarif"):
            options = ("--export", "--log", "copy.xml", "--list", "list.xml", "--format", form)
            self.expect(f"audit-export.{form}", *options, status=1)


if __name__ == "__main__":
    unittest.main()
