# SPDX-License-Identifier: Apache-2.0
"""Jobs for tests: drives with sessions of their own, journals, and descriptions of the job in JSON."""

import hashlib
import json
import os
import subprocess
from xml.sax.saxutils import escape

from fixture import DriveCase, SOURCE_DIR, make_drive, no_duplicates, run

try:
    import jsonschema
except ImportError:
    jsonschema = None  # the schema's own test says so

HEADER = (
    "[BeginUpdateRecord][2016/11/01 21:20:00.000][Type:NewJournalFile]\n"
    "VocabularyVersion: 2013-02-01\n"
    "[EndUpdateRecord]\n"
)
RECORD = """[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]
ActivityId: DriveInfo
DriveState: [BeginValue]
<?xml version="1.0" encoding="UTF-8"?>
<Drive>
   <DriveId>{id}</DriveId>
   <BitLockerKey>{key}</BitLockerKey>
   <ManifestFile>{path}</ManifestFile>
   <ManifestHash>{hash}</ManifestHash>
</Drive>
[EndValue]
SaveCommandOutput: Completed
[EndUpdateRecord]
"""
# Lines of a journal's one drive.
KEY_LINE, PATH_LINE, HASH_LINE = 10, 11, 12


def key_of(number):
    """A recovery password that passes the arithmetic."""
    return "-".join(f"{11 * (1000 * number + group):06}" for group in range(1, 9))


def make_image(folder, path):
    """A whole disk of a folder, and the key that unlocks it."""
    result = subprocess.run(
        [os.environ["TALLY_MAKE_IMAGE"], folder, path], check=True, stdout=subprocess.PIPE, timeout=120
    )
    return path, result.stdout.decode().strip()


def load_validator():
    if jsonschema is None:
        return None
    with open(os.path.join(SOURCE_DIR, "src", "report", "report.schema.json"), encoding="utf-8") as file:
        return jsonschema.Draft202012Validator(json.load(file))


VALIDATOR = load_validator()


class Drive:
    """What is written about a drive; change a field before it is written."""

    def __init__(self, number, folder=None, manifest="\\DriveManifest.xml"):
        self.id = f"WD-JOB{number:03}"
        self.folder = folder
        self.key = key_of(number)
        self.path = manifest
        self.hash = "0" * 32
        if folder is not None:
            with open(os.path.join(folder, manifest.lstrip("\\").replace("\\", "/")), "rb") as file:
                self.hash = hashlib.md5(file.read()).hexdigest().upper()

    def but(self, **changes):
        other = Drive.__new__(Drive)
        other.__dict__.update(self.__dict__, **changes)
        return other

    def record(self):
        return RECORD.format(id=escape(self.id), key=self.key, path=escape(self.path), hash=self.hash)


class JobCase(DriveCase):
    """Drives d1, d2, … whose files and blobs differ."""

    def setUp(self):
        super().setUp()
        self.secrets = set()

    def make_folder(self, name):
        folder = self.path(name)
        os.mkdir(folder)
        return folder

    def make(self, number, files=None, session=None, name=None):
        folder = self.make_folder(name or f"d{number}")
        files = files or {f"\\{number}\\a.txt": b"a" * 5000, f"\\{number}\\b.bin": bytes([number]) * 9000}
        make_drive(folder, files, drive_id=f"WD-JOB{number:03}")
        if session:
            manifest = os.path.join(folder, "DriveManifest.xml")
            with open(manifest, encoding="utf-8") as file:
                text = file.read()
            with open(manifest, "w", encoding="utf-8") as file:
                file.write(text.replace("<BlobList>", f'<BlobList Id="{session}-0">'))
        drive = Drive(number, folder)
        self.secrets.add(drive.key)
        return drive

    def write(self, name, text):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def journal(self, name, *drives):
        return self.write(name, HEADER + "".join(drive.record() for drive in drives))

    def drive_info(self, name, drive):
        return self.write(name, drive.record())

    def job(self, name, *drives, **properties):
        entries = [
            {"driveId": d.id, "bitLockerKey": d.key, "manifestFile": d.path, "manifestHash": d.hash} for d in drives
        ]
        return self.write(name, json.dumps({"properties": {"driveList": entries, **properties}}, indent=1))

    def order(self, name, *drives):
        entries = {
            d.id: {"manifestFile": d.path, "manifestHash": d.hash, "bitLockerKey": d.key} for d in drives
        }
        details = {"jobDetailsType": "DataBoxCustomerDisk", "importDiskDetailsCollection": entries}
        return self.write(name, json.dumps({"properties": {"details": details}}, indent=1))

    def expect_no_secret(self, *outputs):
        """No key, and no group of one that stands alone."""
        for output in outputs:
            text = output if isinstance(output, str) else output.decode("utf-8", "replace")
            for secret in self.secrets:
                self.assertNotIn(secret, text)
                self.assertNotIn(secret.replace("-", ""), text)
                for group in secret.split("-"):
                    self.assertNotIn(group, text)

    def judge(self, *arguments, status, papers_only=True):
        """The reports of the drives, and that of the job; no key may be in any."""
        options = ["--papers-only"] if papers_only else []
        result = run("job", "--format", "json", *options, *arguments)
        self.expect_status(result, status)
        self.expect_no_secret(result.stdout, result.stderr)
        text = run("job", "--verbose", *options, *arguments)
        self.expect_status(text, status)
        self.expect_no_secret(text.stdout, text.stderr)
        reports = [json.loads(line, object_pairs_hook=no_duplicates) for line in result.stdout.splitlines()]
        self.assertIn("job", reports[-1])
        for report in reports if VALIDATOR else []:
            errors = [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(report)]
            self.assertEqual(errors, [])
        return reports[:-1], reports[-1]

    def expect(self, report, *expected):
        """Exactly these findings: rule, document (its name), line, and pieces of the message."""
        found = [
            (f["rule"], f["document"] and os.path.relpath(f["document"], self.folder), f["line"])
            for f in report["findings"]
        ]
        self.assertEqual(found, [tuple(e[:3]) for e in expected], report["findings"])
        for finding, (_, _, _, *pieces) in zip(report["findings"], expected):
            for piece in pieces:
                self.assertIn(piece, finding["message"])

    def drive(self, report, number):
        (drive,) = [d for d in report["job"]["drives"] if d["drive_id"] == f"WD-JOB{number:03}"]
        return drive
