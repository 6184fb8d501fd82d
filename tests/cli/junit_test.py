# SPDX-License-Identifier: Apache-2.0
"""JUnit reports against a schema of what their readers have in common."""

import os
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from fixture import DriveCase, SOURCE_DIR, find_tool, make_drive, run, skip_without

SCHEMA = os.path.join(SOURCE_DIR, "tests", "report", "junit.xsd")

if find_tool("xmllint") is None:
    skip_without("xmllint")


def validate(report):
    """What xmllint complains of; "" when there is nothing."""
    line = ["xmllint", "--noout", "--nonet", "--huge", "--schema", SCHEMA, "-"]
    result = subprocess.run(line, input=report, capture_output=True, check=False)
    return "" if result.returncode == 0 else result.stderr.decode()


class JUnit(DriveCase):
    def report(self, *arguments, status, **options):
        result = run(*arguments, "--format", "junit", **options)
        self.expect_status(result, status)
        self.assertEqual(validate(result.stdout), "")
        suites = list(ElementTree.fromstring(result.stdout))
        for suite in suites:
            self.assertEqual(int(suite.get("tests")), len(suite.findall("testcase")))
            self.assertEqual(int(suite.get("failures")), len(suite.findall("testcase/failure")))
            self.assertEqual(int(suite.get("errors")), len(suite.findall("testcase/error")))
        return suites

    def test_schema_refuses(self):
        report = run("check", self.bad, "-f", "junit").stdout
        self.assertEqual(validate(report), "")
        for old, new in (
            (b' tests="', b' Tests="'),
            (b'failures="', b'failures="-'),
            (b'<failure message="', b'<failure note="'),
            (b"<testcase ", b"<case/><testcase "),
            (b'name="V-10 (blob, FileNotFound)"', b'name="V-20 (segment, Corrupted)"'),
        ):
            self.assertIn(old, report)
            self.assertNotEqual(validate(report.replace(old, new)), "", old)

    def test_corpus(self):
        suites = self.report("lint", "corpus", status=1, cwd=SOURCE_DIR)
        self.assertGreater(len(suites), 100)
        names = [suite.get("name") for suite in suites]
        self.assertEqual(len(set(names)), len(names))
        failed = {suite.get("name") for suite in suites if suite.get("failures") != "0"}
        self.assertTrue(all(".bad." in name for name in failed), failed)
        self.assertGreater(len(failed), 50)

    def test_drives(self):
        good, bad, missing = self.report("check", self.good, self.bad, self.path("none"), status=3)
        self.assertEqual([case.get("name") for case in good if case.find("failure") is not None], [])
        self.assertEqual(bad.find("testcase[@name='verdict']/failure").get("type"), "CompletedWithErrors")
        corrupted = bad.find("testcase[@name='V-20 (segment, Corrupted)']/failure")
        self.assertIn("bytes     from 4096, 4096", corrupted.text)
        self.assertIn("No such file", missing.find("testcase/error").get("message"))

    def test_hostile_names(self):
        drive = self.path("hostile")
        os.mkdir(drive)
        name = "]]>\u202e\u2028'&\u0085\ufffe\U0001f600"
        make_drive(drive, {"\\" + name.replace("\ufffe", "").replace(">", ""): b"abc"}, drive_id="a&<b")
        for entry in os.listdir(drive):
            if entry != "DriveManifest.xml":
                os.unlink(os.path.join(drive, entry))
        self.report("check", drive, status=1)
        folder = os.fsencode(self.path("documents"))
        os.mkdir(folder)
        for name in (b"]]>&<\"'.xml", b"\x01\x1f\n.xml", b"\xff.xml", "\ufffe\uffff\u0085.xml".encode()):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(b"<DriveManifest/>")
        suites = self.report("lint", folder, status=1)
        self.assertEqual(len(suites), 4)
        self.assertTrue(suites[1].get("name").endswith("/]]>&<\"'.xml"), suites[1].get("name"))


if __name__ == "__main__":
    unittest.main()
