# SPDX-License-Identifier: Apache-2.0
"""The manual page and the completion, judged by the programs that use them."""

import os
import shutil
import subprocess
import tempfile
import unittest

from fixture import COMMAND, ENVIRONMENT, need, run

COMPLETE = r"""
source "$1"; shift
COMP_CWORD=$1; shift
COMP_WORDS=("$@")
COMPREPLY=()
_tallyman
printf '%s\n' "${COMPREPLY[@]}"
"""


class ManualPage(unittest.TestCase):
    def setUp(self):
        self.page = run("--help=man").stdout

    def test_no_complaints(self):
        checkers = {
            "groff": ["groff", "-man", "-Tutf8", "-ww", "-z"],
            "man": ["man", "--warnings=w", "-E", "UTF-8", "-Tutf8", "-Z", "-l", "-"],
            "mandoc": ["mandoc", "-T", "lint", "-W", "warning"],
        }
        used = 0
        for program, line in checkers.items():
            if shutil.which(program) is None:
                print(program, "is missing")
                continue
            result = subprocess.run(line, input=self.page, capture_output=True, env=ENVIRONMENT, check=False)
            self.assertEqual(result.stderr, b"", program)
            if program == "mandoc":
                # It misses the date, which the page has none of, so that it can be reproduced.
                complaints = [line for line in result.stdout.splitlines() if b"missing date" not in line]
                self.assertEqual(complaints, [])
            else:
                self.assertEqual(result.returncode, 0, program)
            used += 1
        if used == 0:
            need(self, "groff")

    def test_text(self):
        line = [need(self, "groff"), "-man", "-Tutf8", "-P-c", "-P-b", "-P-o", "-P-u"]
        shown = subprocess.run(line, input=self.page, capture_output=True, check=True).stdout.decode()
        self.assertIn("tallyman check [OPTION]... DRIVE...", shown)
        self.assertIn("else \\DriveManifest.xml", " ".join(shown.split()))
        self.assertIn("--drive-id ID", shown)
        self.assertIn("'Manifest file error'", shown)


class Completion(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="tallyman-")
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.script = os.path.join(self.folder, "completion")
        with open(self.script, "wb") as file:
            file.write(run("--help=bash").stdout)
        os.mkdir(os.path.join(self.folder, "drive one"))
        with open(os.path.join(self.folder, "document.xml"), "wb"):
            pass

    def complete(self, *words):
        """What is offered for the last word."""
        result = subprocess.run(
            ["bash", "-c", COMPLETE, "bash", self.script, str(len(words)), "tallyman", *words],
            cwd=self.folder, capture_output=True, env=ENVIRONMENT, check=True,
        )
        self.assertEqual(result.stderr, b"")
        return result.stdout.decode().split("\n")[:-1]

    def test_commands(self):
        self.assertEqual(self.complete("ch"), ["check"])
        self.assertEqual(self.complete(""), ["check", "audit", "lint", "job", "explain", "--help", "--version"])

    def test_options(self):
        self.assertEqual(self.complete("check", "--j"), ["--journal", "--jobs"])
        self.assertEqual(self.complete("lint", "--j"), ["--jobs"])
        self.assertEqual(self.complete("explain", "--l"), ["--list"])

    def test_values(self):
        formats = ["text", "json", "sarif", "junit"]
        self.assertEqual(self.complete("check", "--format", ""), [*formats, "drivelog", "drivelog-errors"])
        self.assertEqual(self.complete("lint", "--format", ""), formats)
        self.assertEqual(self.complete("check", "-f", "js"), ["json"])
        self.assertEqual(self.complete("check", "--format", "=", "js"), ["json"])
        self.assertEqual(self.complete("check", "--kind", "="), ["import", "export"])
        self.assertEqual(self.complete("check", "--journal", "doc"), ["document.xml"])
        self.assertEqual(self.complete("check", "--jobs", ""), [""])

    def test_arguments(self):
        self.assertEqual(self.complete("check", "d"), ["drive one"])
        self.assertEqual(sorted(self.complete("lint", "d")), ["document.xml", "drive one"])
        self.assertEqual(self.complete("explain", "M-31"), ["M-31"])
        self.assertIn("Corrupted", self.complete("explain", "Corr"))

    def test_shellcheck(self):
        result = subprocess.run([need(self, "shellcheck"), self.script], capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout.decode())

    def test_command_is_there(self):
        self.assertTrue(os.access(COMMAND, os.X_OK))


if __name__ == "__main__":
    unittest.main()
