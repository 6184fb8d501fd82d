# SPDX-License-Identifier: Apache-2.0
"""audit with the logs that Microsoft published: their CRC-64s are of real services."""

import json
import os
import re
import unittest
from xml.sax.saxutils import unescape

import audit_maker as maker
from audit_maker import Blob
from fixture import DriveCase, run, skip

SAMPLES = os.path.join(os.environ.get("TALLY_SHARED_DIR", ""), "samples", "published")
if not os.path.isdir(SAMPLES):
    skip("the published samples are missing")

# What can have the published CRC-64 and size (formats.md C-07).
KNOWN = {
    (0, 0): b"",
    (1024, 7573843669953104266): bytes(1024),
    (4096, 16033727819182370206): b"1" * 4096,
    (11, 7320094093915972193): b"Hello World",
}


def sample(name):
    return os.path.join(SAMPLES, name)


def published(name):
    """The paths, sizes and CRC-64s of a verbose log."""
    with open(sample(name), encoding="utf-8") as file:
        text = file.read()
    return [
        (unescape(path, {"&quot;": '"'}), int(size), int(crc))
        for path, size, crc in re.findall(r'Path="([^"]*)" Size="(\d+)" crc64="(\d+)"', text)
    ]


class Published(DriveCase):
    def audit(self, *arguments, status):
        result = run("audit", "--format", "json", *arguments)
        self.expect_status(result, status)
        return json.loads(result.stdout)

    def rules(self, report):
        return [(f["rule"], f["blob_path"]) for f in report["findings"] if f["rule"].startswith("A-")]

    def make(self, blobs, **options):
        drive = self.path("drive")
        maker.make_drive(drive, blobs, **options)
        return drive

    def papers(self, blobs, **options):
        return os.path.join(self.make(blobs, **options), "DriveManifest.xml")

    def test_verbose_logs_of_exports(self):
        for name, expected in (("verboselog-2021-08-01-export.xml", 3), ("verboselog-databox-export.xml", 8)):
            entries = published(name)
            known = [e for e in entries if e[1:] in KNOWN]
            self.assertGreaterEqual(len(known), expected, name)
            blobs = [Blob(path, KNOWN[size, crc], file_path=f"\\{name}\\{i}") for i, (path, size, crc) in enumerate(known)]
            drive = self.make(blobs, export=True)
            report = self.audit("--export", "--log", sample(name), drive, status=1 if len(known) < len(entries) else 0)
            self.assertEqual(report["audit"]["blobs_proven"], len(known), name)
            self.assertEqual(report["audit"]["entries_unknown"], len(entries) - len(known), name)
            self.assertEqual(report["audit"]["blobs_refuted"], 0)

    def test_verbose_log_of_an_import(self):
        name = "verboselog-2021-08-01-import.xml"
        zeros = [e for e in published(name) if e[1] == 0]
        blobs = [Blob(path.replace("\\", "/", 1), b"", file_path=f"\\{i}") for i, (path, _, _) in enumerate(zeros)]
        self.assertEqual([b.path.split("/", 1)[1] for b in blobs], ["file_size0.txt", "Dir1/file_size0.txt"])
        report = self.audit("--log", sample(name), self.make(blobs), status=1)
        self.assertEqual(report["audit"]["blobs_proven"], 2)

    def test_drive_log_of_2014(self):
        blobs = [
            Blob("pictures/bob/wild/desert.jpg", bytes(98304), file_path="\\Users\\bob\\Pictures\\wild\\desert.jpg"),
            Blob("pictures/bob/animals/koala.jpg", bytes(163840), file_path="\\Users\\bob\\Pictures\\animals\\koala.jpg", page=True),
        ]
        papers = self.papers(blobs, drive_id="WD-WMATV123456")
        report = self.audit("--manifest", papers, "--log", sample("drivelog-2014-11-01-verbose-desert-koala.xml"), status=1)
        self.assertEqual(
            self.rules(report), [("A-20", "pictures/bob/animals/koala.jpg"), ("A-54", "pictures/bob/animals/koala.jpg")]
        )
        message = [f["message"] for f in report["findings"] if f["rule"] == "A-20"][0]
        self.assertIn("1 of the 3 blocks or ranges listed, the first (Corrupted) at byte 65536 with 65536 bytes", message)
        # The error log that goes with it names another drive (K-34).
        report = self.audit("--manifest", papers, "--log", sample("drivelog-2014-11-01-error-koala.xml"), status=1)
        self.assertEqual(self.rules(report), [("A-01", None)])

    def test_file_that_was_not_found(self):
        blob = Blob("pictures/animals/koala.jpg", bytes(30310), file_path="\\animals\\koala.jpg", written=False)
        log = sample("drivelog-2014-11-01-error-import-filenotfound.xml")
        report = self.audit("--log", log, self.make([blob]), status=1)
        self.assertEqual(self.rules(report), [("A-21", "pictures/animals/koala.jpg")])
        self.assertIn("FileNotFound", [f["status"] for f in report["findings"] if f["rule"] == "A-21"])

    def test_export_with_properties_that_failed(self):
        blob = Blob("pictures/wild/canyon.jpg", bytes(163840))
        log = sample("drivelog-2014-11-01-error-export-properties-failed.xml")
        report = self.audit("--export", "--log", log, self.make([blob], drive_id="9WM35C3U", export=True), status=1)
        self.assertEqual(self.rules(report), [("A-22", "pictures/wild/canyon.jpg")])
        self.assertEqual(report["audit"]["to_order_again"], 1)

    def test_containers_of_2018(self):
        names = ("private.vhd", "resource.vhd", "role.vhd")
        blobs = [Blob(f"pageblob test/{n}", b"", file_path=f"\\PageBlob\\pageblob test\\{n}", page=True) for n in names]
        log = sample("drivelog-2018-10-01-error-containerrenamed.xml")
        report = self.audit("--log", log, self.make(blobs, drive_id="18041C582D7E"), status=1)
        self.assertEqual([r for r in self.rules(report) if r[0] == "A-52"], [("A-52", b.path) for b in blobs])
        self.assertEqual(report["audit"]["blobs_renamed"], 3)

    def test_azure_files_and_blobs_of_2018(self):
        log = sample("drivelog-2018-10-01-verbose-completed.xml")
        blob = Blob("$root/botetablockblob.txt", b"x" * 19, file_path="\\BlockBlob\\botetablockblob.txt")
        report = self.audit("--log", log, self.make([blob], drive_id="184020D95632"), status=1)
        self.assertEqual(report["audit"]["blobs_logged"], 1)
        self.assertEqual({rule for rule, _ in self.rules(report)}, {"A-41"})

    def test_renamed_containers_of_2021(self):
        log = sample("copylog-2021-08-01-import-renamed.xml")
        blobs = [Blob("CV/a.txt", b"1"), Blob("New_ShareFolder/b.txt", b"2"), Blob("good/c.txt", b"3")]
        report = self.audit("--log", log, self.make(blobs), status=1)
        self.assertEqual(self.rules(report), [("A-52", "CV/a.txt"), ("A-52", "New_ShareFolder/b.txt")])

    def test_names_that_were_no_names(self):
        log = sample("copylog-2021-08-01-export-win32.xml")
        drive = self.make([Blob("export-ut-invaliddirblobpath/good", b"1")], export=True)
        report = self.audit("--export", "--log", log, drive, status=1)
        self.assertEqual(
            self.rules(report),
            [("A-22", f"export-ut-invaliddirblobpath/movie/{n}/block.blob") for n in ("sc:Aifi", "sc-Aifi", "sc*Aifi")],
        )

    def test_every_log(self):
        """Whatever else is in a log: it is read to its end, and nothing but a disagreement comes of it."""
        papers = self.papers([Blob("data/a", b"1")])
        logs = [n for n in sorted(os.listdir(SAMPLES)) if re.match(r"(drive|copy|verbose)log-.*\.xml$", n)]
        self.assertGreater(len(logs), 15)
        for name in logs:
            result = run("audit", "--manifest", papers, "--log", sample(name))
            self.assertIn(result.returncode, (0, 1), name)
            self.assertNotIn(b"A-03", result.stdout, name)
            self.assertEqual(result.stderr, b"", name)


if __name__ == "__main__":
    unittest.main()
