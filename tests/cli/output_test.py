# SPDX-License-Identifier: Apache-2.0
"""--output: the report appears whole or not at all, and never where it would do harm."""

import json
import os
import stat
import subprocess
import unittest

from fixture import COMMAND, DriveCase, ENVIRONMENT, run


class Output(DriveCase):
    def setUp(self):
        super().setUp()
        self.reports = self.path("reports")
        os.mkdir(self.reports)
        self.report = os.path.join(self.reports, "report")

    def expect_only(self, *names):
        self.assertEqual(sorted(os.listdir(self.reports)), sorted(names))

    def read(self):
        with open(self.report, "rb") as file:
            return file.read()

    def test_same_bytes_as_standard_output(self):
        for form in ("text", "json", "sarif", "junit"):
            expected = run("check", "--format", form, self.good, self.bad)
            result = run("check", "--format", form, self.good, self.bad, "--output", self.report)
            self.expect_status(result, 1)
            self.assertEqual(result.stdout, b"")
            self.assertEqual(self.read(), expected.stdout)
            self.expect_only("report")

    def test_json_is_one_line_for_each_drive(self):
        self.expect_status(run("check", "-f", "json", self.good, self.bad, "-o", self.report), 1)
        lines = self.read().splitlines()
        self.assertEqual([json.loads(line)["verdict"]["exit_status"] for line in lines], [0, 1])

    def test_mode_of_a_new_file(self):
        self.addCleanup(os.umask, os.umask(0o027))
        run("check", self.good, "-o", self.report)
        self.assertEqual(stat.S_IMODE(os.stat(self.report).st_mode), 0o640)

    def test_file_is_replaced(self):
        with open(self.report, "w", encoding="ascii") as file:
            file.write("old " * 100000)
        os.chmod(self.report, 0o604)
        link = os.path.join(self.reports, "link")
        os.symlink("report", link)
        old = os.stat(self.report).st_ino
        self.expect_status(run("check", self.good, "-o", link), 0)
        self.assertTrue(os.path.islink(link))
        self.assertTrue(self.read().startswith(b"Drive "))
        self.assertNotEqual(os.stat(self.report).st_ino, old)
        self.assertEqual(stat.S_IMODE(os.stat(self.report).st_mode), 0o604)
        self.expect_only("link", "report")

    def test_names_that_are_taken(self):
        """Leftovers of runs that were killed stay, and the report is written nevertheless."""
        script = ': > "report.$$-0.tmp"; : > "report.$$-1.tmp"; exec "$0" check "$1" -o report'
        line = ["sh", "-c", script, COMMAND, self.good]
        result = subprocess.run(line, cwd=self.reports, env=ENVIRONMENT, check=False)
        self.assertEqual(result.returncode, 0)
        left = os.listdir(self.reports)
        self.assertEqual(len(left), 3, left)
        self.assertTrue(self.read().startswith(b"Drive "))

    def test_folder_that_is_not_there(self):
        result = run("check", self.good, "-o", os.path.join(self.reports, "none", "report"))
        self.expect_status(result, 3)
        self.assertIn(b"could not be written: No such file or directory", result.stderr)
        self.assertEqual(result.stdout, b"")

    def test_folder_in_place_of_a_file(self):
        self.expect_status(run("check", self.good, "-o", self.reports), 3)
        self.expect_only()

    def test_long_names(self):
        self.expect_status(run("check", self.good, "-o", os.path.join(self.reports, "n" * 250)), 3)
        self.expect_status(run("check", self.good, "-o", "n" * 5000), 3)
        self.expect_only()

    def test_devices_are_written_in_place(self):
        self.expect_status(run("check", self.good, "-o", "/dev/null"), 0)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        result = run("check", self.good, "-o", "/dev/full")
        self.expect_status(result, 3)
        self.assertIn(b"/dev/full could not be written: No space left on device", result.stderr)
        result = run("check", self.good, "-o", "/dev/stdout")
        self.expect_status(result, 0)
        self.assertTrue(result.stdout.startswith(b"Drive "))

    def test_closed_streams(self):
        """The report must not get the number of a stream that the caller closed, and with it what is said there."""
        line = ["check", self.good, self.path("none"), "-o", self.report]
        run(*line)
        expected = self.read()
        for closed in ("2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
            script = f'exec "$0" "$@" {closed}'
            result = subprocess.run(["sh", "-c", script, COMMAND, *line], env=ENVIRONMENT, check=False)
            self.assertEqual(result.returncode, 3)
            self.assertEqual(self.read(), expected, closed)

    def test_dash_is_standard_output(self):
        result = run("check", self.good, "-o", "-")
        self.expect_status(result, 0)
        self.assertTrue(result.stdout.startswith(b"Drive "))

    def test_nothing_is_written_to_a_drive(self):
        link = self.path("link")
        os.symlink(self.good, link)
        before = sorted(os.listdir(self.good))
        for name in ("good/report", "good/folder/report", "link/report", "good/../good/report"):
            for drive in (self.good, link, self.good + "/"):
                result = run("check", drive, "-o", self.path(name))
                self.expect_status(result, 2)
                self.assertIn(b"would be written into", result.stderr)
        self.expect_status(run("check", ".", "-o", "report", cwd=self.good), 2)
        self.assertEqual(sorted(os.listdir(self.good)), before)
        os.symlink(os.path.join(self.good, "a.txt"), self.path("to-a-file"))
        self.expect_status(run("check", self.good, "-o", self.path("to-a-file")), 2)
        # A neighbour whose name begins alike is no part of the drive.
        os.mkdir(self.path("good2"))
        self.expect_status(run("check", self.good, "-o", self.path("good2/report")), 0)

    def test_no_input_is_written_over(self):
        manifest = os.path.join(self.good, "DriveManifest.xml")
        os.link(manifest, self.path("same"))
        with open(manifest, "rb") as file:
            before = file.read()
        for target in (manifest, self.path("same")):
            result = run("lint", manifest, "-o", target)
            self.expect_status(result, 2)
            self.assertIn(b"would be written over", result.stderr)
        journal = self.path("journal")
        with open(journal, "wb") as file:
            file.write(b"x")
        self.expect_status(run("check", self.good, "--journal", journal, "-o", journal), 2)
        with open(manifest, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_nothing_is_written_into_what_is_read(self):
        documents = self.path("documents")
        os.mkdir(documents)
        result = run("lint", documents, "-o", os.path.join(documents, "report"))
        self.expect_status(result, 2)
        self.assertNotIn(b"drive", result.stderr)
        self.assertEqual(os.listdir(documents), [])

    def test_the_checkpoint_is_another_file(self):
        """Whichever way it is named, and whether one of the two is there already or not."""
        os.symlink(self.reports, self.path("link"))
        names = (self.report, "report", "./report", "../reports/report", "../link/report")
        for there in (False, True):
            for name in names:
                result = run("check", self.good, "-o", self.report, "--checkpoint", name, cwd=self.reports)
                self.expect_status(result, 2)
                self.assertIn(b"would be written over", result.stderr)
                self.expect_only(*(["report"] if there else []))
            with open(self.report, "wb") as file:
                file.write(b"mine\n")
        self.assertEqual(self.read(), b"mine\n")
        self.expect_status(run("check", self.good, "-o", self.report, "--checkpoint", "report2", cwd=self.reports), 0)
        self.expect_only("report")


if __name__ == "__main__":
    unittest.main()
