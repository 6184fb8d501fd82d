# SPDX-License-Identifier: Apache-2.0
"""Everything that tallyman job writes, to the last letter; of the drives' own reports, those of a good job.

TALLY_UPDATE_GOLDEN=1 in the environment writes the golden files anew; read the difference before it is committed.
"""

import json
import os
import unittest

from fixture import SOURCE_DIR, run
from job_fixture import JobCase, key_of, make_image

GOLDEN = os.path.join(SOURCE_DIR, "tests", "cli", "golden", "job")
UPDATE = os.environ.get("TALLY_UPDATE_GOLDEN") == "1"


class Golden(JobCase):
    """A job with one of each: good and bad drives, one too many, one too few, and documents that differ."""

    def setUp(self):
        super().setUp()
        self.maxDiff = None
        self.version = run("--version").stdout.decode().split()[1]
        one = self.make(1, {"\\same.txt": b"1", "\\a.bin": b"a" * 9000}, session="session#1")
        two = self.make(2, {"\\same.txt": b"2"}, session="session#1")
        three, four, five = self.make(3), self.make(4), self.make(5)
        with open(os.path.join(three.folder, "3", "a.txt"), "r+b") as file:
            file.write(b"?")
        self.secrets.add(key_of(8))
        self.journal("1.jrn", one)
        self.journal("234.jrn", two, three.but(key=key_of(8)), four)
        self.drive_info("five.xml", five)
        self.job("good.json", one, two)
        self.job("bad.json", one, two.but(hash="0" * 32), three, five)
        self.bad_job = ["--job", "bad.json", "1.jrn", "234.jrn", "five.xml", "d1", "d2", "d3", "d4"]

    def compare(self, name, text):
        self.expect_no_secret(text)
        self.compare_text(name, text)

    def compare_text(self, name, text):
        text = text.replace(self.version, "VERSION")
        path = os.path.join(GOLDEN, name)
        if UPDATE:
            os.makedirs(GOLDEN, exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(text, file.read(), name)

    def output_of(self, *arguments, status):
        result = run("job", *arguments, cwd=self.folder)
        self.expect_status(result, status)
        return result.stdout.decode("utf-8")

    def test_text(self):
        text = self.output_of(*self.bad_job, status=1)
        self.compare("bad.text", text[text.index("Job  "):])
        self.compare("good.text", self.output_of("--job", "good.json", "1.jrn", "234.jrn", "d1", "d2", status=0))
        self.compare("papers.text", self.output_of("--papers-only", "1.jrn", "five.xml", "none", status=3))

    def test_mixed(self):
        """A drive in a folder, one of which the journal has the wrong key, and a disk that was wiped."""
        _, key = make_image(self.path("d4"), self.path("four.img"))
        self.secrets.add(key)
        with open(self.path("wiped.img"), "wb") as file:
            file.truncate(1 << 20)
        arguments = ["1.jrn", "234.jrn", "d1", "four.img", "wiped.img"]
        self.compare("mixed.text", self.output_of(*arguments, status=1))
        self.compare("mixed-papers.text", self.output_of("--papers-only", *arguments, status=1))

    def test_json(self):
        self.compare("bad.json", self.output_of("--format", "json", *self.bad_job, status=1).splitlines()[-1] + "\n")

    def test_junit(self):
        text = self.output_of("--format", "junit", *self.bad_job, status=1)
        self.compare("bad.junit.xml", text[text.rindex("<testsuite "):])

    def test_sarif(self):
        """The results; the rules, which are all of the catalogue's, have tests of their own."""
        (one,) = json.loads(self.output_of("--format", "sarif", *self.bad_job, status=1))["runs"]
        for result in one["results"]:
            del result["ruleIndex"]
        self.compare("bad.sarif.json", json.dumps(one["results"], indent=1) + "\n")

    def test_lists(self):
        for form, ending in (("rest", "json"), ("databox", "json"), ("powershell", "txt"), ("cli", "txt")):
            for keys in ([], ["--with-keys"]):
                self.output_of(
                    "--papers-only", "--job", "good.json", "1.jrn", "--emit", form, "--output", "list", *keys, status=0
                )
                with open(self.path("list"), encoding="utf-8") as file:
                    text = file.read()
                self.compare_text(f"{form}{'.keys' if keys else ''}.{ending}", text)


if __name__ == "__main__":
    unittest.main()
