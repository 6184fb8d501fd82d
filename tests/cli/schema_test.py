# SPDX-License-Identifier: Apache-2.0
"""Real reports of the command against the schema that is installed with it."""

import json
import os
import unittest

import audit_maker as maker
from audit_maker import Blob
from fixture import DriveCase, SOURCE_DIR, make_drive, no_duplicates, run, skip_without

try:
    import jsonschema
except ImportError:
    skip_without("python3-jsonschema")

with open(os.path.join(SOURCE_DIR, "src", "report", "report.schema.json"), encoding="utf-8") as schema_file:
    SCHEMA = json.load(schema_file)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def objects_of(schema):
    if isinstance(schema, dict):
        if "object" in schema.get("type", []):
            yield schema
        for part in schema.values():
            yield from objects_of(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects_of(part)


class Schema(DriveCase):
    def reports(self, *arguments, status):
        result = run(*arguments, "--format", "json")
        self.expect_status(result, status)
        reports = [json.loads(line, object_pairs_hook=no_duplicates) for line in result.stdout.splitlines()]
        for report in reports:
            errors = [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(report)]
            self.assertEqual(errors, [])
        return reports

    def test_schema_itself(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        objects = list(objects_of(SCHEMA))
        self.assertGreater(len(objects), 10)
        for part in objects:
            self.assertIs(part["additionalProperties"], False)
            self.assertEqual(sorted(part.get("properties", {})), sorted(part.get("required", [])))

    def test_schema_refuses(self):
        (report,) = self.reports("check", self.good, status=0)
        for key in list(report):
            broken = dict(report)
            del broken[key]
            self.assertFalse(VALIDATOR.is_valid(broken), key)
        self.assertFalse(VALIDATOR.is_valid({**report, "more": 1}))
        self.assertFalse(VALIDATOR.is_valid({**report, "verdict": {**report["verdict"], "exit_status": 2}}))

    def test_good_drive(self):
        (report,) = self.reports("check", self.good, status=0)
        self.assertEqual(report["verdict"]["drive_status"], "Completed")
        self.assertEqual(report["subject"], {"path": self.good, "source": "directory", "drive_id": "9WM35C2V"})
        self.assertEqual(report["coverage"]["blobs"], {"listed": 3, "checked": 3})
        self.assertEqual(report["coverage"]["segments"], {"listed": 8, "checked": 8})
        self.assertEqual(report["coverage"]["bytes_hashed"], sum(map(len, self.FILES.values())))
        self.assertGreater(len(report["coverage"]["not_checked"]), 0)
        self.assertEqual(report["counts"]["segment"], {"Completed": 8})

    def test_bad_drive(self):
        (report,) = self.reports("check", self.bad, status=1)
        self.assertEqual(report["verdict"]["portal_state"], "Data copy completed with errors")
        by_rule = {finding["rule"]: finding for finding in report["findings"]}
        corrupted = by_rule["V-20"]
        self.assertEqual((corrupted["offset"], corrupted["length"]), (4096, 4096))
        self.assertEqual(corrupted["file_path"], "\\a.txt")
        # The place in the document is where the block stands.
        with open(os.path.join(self.bad, "DriveManifest.xml"), "rb") as file:
            manifest = file.read()
        self.assertTrue(manifest[corrupted["document_offset"]:].startswith(b'<Block Offset="4096"'))
        self.assertEqual(corrupted["line"], manifest[:corrupted["document_offset"]].count(b"\n") + 1)
        self.assertEqual(by_rule["V-10"]["status"], "FileNotFound")

    def test_several_drives(self):
        reports = self.reports("check", self.good, self.bad, self.path("none"), status=3)
        self.assertEqual([report["verdict"]["exit_status"] for report in reports], [0, 1, 3])
        self.assertEqual(reports[2]["error"]["code"], "io")

    def test_many_findings(self):
        drive = self.path("many")
        os.mkdir(drive)
        make_drive(drive, {"\\big": b"\0" * 3000}, block=1)
        with open(os.path.join(drive, "big"), "wb") as file:
            file.write(b"\1" * 3000)
        (report,) = self.reports("check", drive, status=1)
        corrupted = [finding for finding in report["findings"] if finding["rule"] == "V-20"]
        self.assertEqual(len(corrupted), 1000)
        self.assertEqual(report["findings_omitted"], 2000)
        self.assertEqual(report["counts"]["segment"], {"Corrupted": 3000})

    def test_hostile_names(self):
        drive = self.path("hostile")
        os.mkdir(drive)
        name = "\u202e\u2028'&\u0085\U0001f600"
        make_drive(drive, {"\\" + name: b"abc"}, drive_id="a&<b")
        os.unlink(os.path.join(drive, name))
        (report,) = self.reports("check", drive, status=1)
        missing = [finding for finding in report["findings"] if finding["rule"] == "V-10"]
        self.assertEqual(missing[0]["file_path"], "\\" + name)
        self.assertEqual(report["subject"]["drive_id"], "a&<b")

    def test_path_that_is_not_utf8(self):
        result = run("check", os.fsencode(self.folder) + b"/\xff\"", "--format", "json")
        self.expect_status(result, 3)
        report = json.loads(result.stdout)
        VALIDATOR.validate(report)
        self.assertTrue(report["subject"]["path"].endswith('/\ufffd"'))

    def test_audit(self):
        blobs = [Blob("data/a.txt", b"a" * 5000), Blob("data/b.vhd", b"b" * 512, page=True)]
        drive, manifest = self.path("audited"), self.path("audited/DriveManifest.xml")
        maker.make_drive(drive, blobs)
        verbose, copy = self.path("verbose.xml"), self.path("copy.xml")
        with open(verbose, "w", encoding="utf-8") as file:
            file.write(maker.verbose_2021(blobs))
        with open(copy, "w", encoding="utf-8") as file:
            file.write(maker.copy_log([maker.errored("data\\a.txt", "UploadErrorCloudHttp", 409, "no")], 2))
        (report,) = self.reports("audit", "--log", verbose, drive, status=0)
        self.assertEqual(report["audit"]["blobs_proven"], 2)
        for key in list(report["audit"]):
            broken = {name: value for name, value in report["audit"].items() if name != key}
            self.assertFalse(VALIDATOR.is_valid({**report, "audit": broken}), key)
        self.reports("audit", "--log", copy, "--log", verbose, "--manifest", manifest, status=1)
        self.reports("audit", "--export", drive, status=1)
        self.reports("audit", "--log", manifest, drive, status=3)

    def test_lint(self):
        manifest = os.path.join(self.good, "DriveManifest.xml")
        (report,) = self.reports("lint", manifest, __file__, self.path("none"), status=3)
        self.assertEqual([document["valid"] for document in report["documents"]], [True, False, None])
        self.assertEqual([document["kind"] for document in report["documents"]], ["manifest", "unknown", None])
        self.assertEqual(report["verdict"]["exit_status"], 3)
        self.assertGreater(len(report["documents"][1]["findings"]), 0)
        (report,) = self.reports("lint", manifest, status=0)
        self.assertEqual(report["documents"][0]["path"], manifest)


if __name__ == "__main__":
    unittest.main()
