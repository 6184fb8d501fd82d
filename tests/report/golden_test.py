# SPDX-License-Identifier: Apache-2.0
"""Every report of a few drives and documents, to the last letter.

    TALLY_UPDATE_GOLDEN=1 ctest --preset development -R report_golden

rewrites the files in tests/report/golden instead of comparing with them; whoever does that reads the difference before
it is committed. Whether a report is right is the business of other tests; this one shows what a change does to all of
them. What belongs to the machine, the version or the whole table of rules is taken out first.
"""

import os
import re
import sys
import tempfile
import unittest

SOURCE_DIR = os.environ["TALLY_SOURCE_DIR"]
sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "cli"))

from drives import Drive, METADATA, PROPERTIES  # noqa: E402
from fixture import md5, run  # noqa: E402

GOLDEN = os.path.join(SOURCE_DIR, "tests", "report", "golden")
UPDATE = os.environ.get("TALLY_UPDATE_GOLDEN", "0") not in ("", "0")

LINT_FORMATS = ("text", "json", "sarif", "junit")
CHECK_FORMATS = (*LINT_FORMATS, "drivelog", "drivelog-errors")
EXPLAINED = {"rule": "M-31", "segment": "FileUnexpectedEnd", "drive": "ManifestCorrupted", "portal": "Manifest file error"}

JOURNAL = """[BeginUpdateRecord][2016/11/01 21:20:00.000][Type:NewJournalFile]
VocabularyVersion: 2013-02-01
[EndUpdateRecord]
[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]
ActivityId: DriveInfo
DriveState: [BeginValue]
<Drive><DriveId>9WM35C2V</DriveId><BitLockerKey>060456-000000-000011-000022-000033-000044-000055-411631</BitLockerKey>\
<ManifestFile>\\DriveManifest.xml</ManifestFile><ManifestHash>{hash}</ManifestHash></Drive>
[EndValue]
[EndUpdateRecord]
"""


def settle(report, folder):
    """The report without what is different elsewhere, or after any change of the catalogue."""
    text = report.decode().replace(folder, "/FOLDER")
    text = re.sub(r'"(semanticVersion|version)": "\d+\.\d+\.\d+"(?=[,}])(?!, "runs")', r'"\1": "VERSION"', text)
    text = re.sub(r'"rules": \[\{.*?\}\]\}\}', '"rules": []}}', text)
    return re.sub(r'"ruleIndex": \d+, ', "", text)


class Golden(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="tallyman-")
        self.addCleanup(holder.cleanup)
        self.folder = os.path.realpath(holder.name)

    def compare(self, name, result, status):
        self.assertEqual(result.returncode, status, result.stderr)
        found = settle(result.stdout, self.folder)
        place = os.path.join(GOLDEN, name)
        if UPDATE:
            os.makedirs(GOLDEN, exist_ok=True)
            with open(place, "w", encoding="utf-8", newline="") as file:
                file.write(found)
            return
        with open(place, encoding="utf-8", newline="") as file:
            expected = file.read()
        self.assertEqual(found, expected, f"{name} is another; see the head of this test")

    def compare_check(self, name, *arguments, status):
        for form in CHECK_FORMATS:
            with self.subTest(name=name, form=form):
                result = run("check", "-q", "--format", form, *arguments, cwd=self.folder)
                self.compare(f"check-{name}.{form}", result, status)

    def compare_lint(self, name, *documents, status):
        for form in LINT_FORMATS:
            with self.subTest(name=name, form=form):
                self.compare(f"lint-{name}.{form}", run("lint", "-q", "--format", form, *documents, cwd=self.folder), status)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def make(self, name, export=False):
        drive = Drive(os.path.join(self.folder, name), export=export)
        drive.begin_list(*(() if export else (METADATA % 0, PROPERTIES % 0)))
        drive.add("\\pictures\\city.jpg", bytes(range(250)) * 40, ids="hash", disposition=None if export else "rename")
        drive.add("\\disks\\b.vhd", bytes(8192), page=True, metadata=METADATA % 1)
        drive.add("\\a & b\\\u00fc\u97f3.txt", b"text", ids="number", disposition=None if export else "overwrite",
                  snapshot="2011-03-09T01:42:34.9360000Z" if export else None)
        drive.add("\\empty", b"")
        return drive

    def seal(self, drive):
        """Returns the name of a journal that knows this drive."""
        drive.seal()
        with open(drive.local("\\DriveManifest.xml"), "rb") as file:
            self.write("drive.jrn", JOURNAL.format(hash=md5(file.read())))
        return "drive.jrn"

    def damage(self, drive):
        with open(drive.local("\\pictures\\city.jpg"), "r+b") as file:
            file.seek(5000)
            file.write(b"?")
        os.truncate(drive.local("\\disks\\b.vhd"), 5000)
        os.remove(drive.local("\\a & b\\\u00fc\u97f3.txt"))
        os.remove(drive.local("\\disks\\b.vhd.metadata"))
        drive.write("\\other.txt", b"not in the manifest")

    def test_check_clean(self):
        drive = self.make("clean")
        self.compare_check("clean", "clean", "--journal", self.seal(drive), status=0)

    def test_check_broken(self):
        drive = self.make("broken")
        journal = self.seal(drive)
        self.damage(drive)
        self.compare_check("broken", "broken", "--journal", journal, status=1)

    def test_check_export(self):
        drive = self.make("export", export=True)
        self.seal(drive)
        self.damage(drive)
        self.compare_check("export", "export", status=1)

    def test_check_failed(self):
        """The service would not come to the blobs."""
        drive = self.make("failed")
        journal = self.seal(drive)
        place = drive.local("\\DriveManifest.xml")
        with open(place, encoding="utf-8") as file:
            text = file.read()
        with open(place, "w", encoding="utf-8") as file:
            file.write(text.replace('Offset="4096"', 'Offset="4o96"', 1))
        self.compare_check("failed", "failed", "--journal", journal, status=1)

    def test_check_unchecked(self):
        self.compare_check("unchecked", "none", status=3)

    def test_lint(self):
        drive = self.make("documents")
        self.seal(drive)
        self.write("metadata.xml", "<Metadata>\n  <A-B>1</A-B>\n</Metadata>\n")
        self.write("log.xml", '<DriveLog Version="2014-11-01">\n<DriveId>1</DriveId>\n<Blob Status="Broken"/>\n</DriveLog>\n')
        self.compare_lint("documents", "documents/DriveManifest.xml", "metadata.xml", "log.xml", "drive.jrn", status=1)
        self.compare_lint("valid", "documents/DriveManifest.xml", status=0)
        self.compare_lint("unread", "metadata.xml", "none.xml", status=3)

    def test_explain(self):
        for name, code in EXPLAINED.items():
            with self.subTest(code):
                self.compare(f"explain-{name}.text", run("explain", code), 0)

    def test_no_file_is_left_over(self):
        names = [f"check-{name}.{form}" for name in ("clean", "broken", "export", "failed", "unchecked") for form in CHECK_FORMATS]
        names += [f"lint-{name}.{form}" for name in ("documents", "valid", "unread") for form in LINT_FORMATS]
        names += [f"explain-{name}.text" for name in EXPLAINED]
        if not UPDATE:
            self.assertEqual(sorted(os.listdir(GOLDEN)), sorted(names))


if __name__ == "__main__":
    unittest.main()
