# SPDX-License-Identifier: Apache-2.0
"""tallyman job --emit: the drive list in each form, read back by programs of others; and where keys may go."""

import json
import os
import re
import shutil
import stat
import subprocess
import unittest

from fixture import ENVIRONMENT, no_duplicates, run
from job_fixture import JobCase

# What shells and JSON could trip over, in what a manifest's path may hold.
PATH = "\\it's $HOME `x` \u2019 \u201b%A%;&\\Drive Manifest.xml"


def powershell_strings(text):
    """The strings between apostrophes, as PowerShell reads them: a doubled mark stands for itself."""
    marks = "'\u2018\u2019\u201a\u201b"
    strings, at = [], 0
    while at < len(text):
        if text[at] not in marks:
            at += 1
            continue
        at, piece = at + 1, ""
        while not (text[at] in marks and text[at + 1] not in marks):
            if text[at] in marks:
                at += 1
            piece += text[at]
            at += 1
        strings.append(piece)
        at += 1
    return strings


class Lists(JobCase):
    def setUp(self):
        super().setUp()
        self.one, self.two = self.make(1), self.make(2)
        self.two.path = PATH
        self.odd = [self.one, self.two]
        self.arguments = [self.journal("12.jrn", *self.odd)]
        self.file = self.path("list")

    def emit(self, form, *options, status=0):
        result = run("job", "--papers-only", *self.arguments, "--emit", form, "--output", self.file, *options)
        self.expect_status(result, status)
        self.expect_no_secret(result.stdout, result.stderr)
        if status != 0:
            self.assertFalse(os.path.exists(self.file))
            return result
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        with open(self.file, encoding="utf-8") as file:
            text = file.read()
        if "--with-keys" not in options:
            self.expect_no_secret(text)
        self.assertIn(b"List       complete", result.stdout)
        return text

    def keys(self, options):
        return [d.key if options else "*******" for d in self.odd]

    def test_rest(self):
        for options in ([], ["--with-keys"]):
            value = json.loads(self.emit("rest", *options), object_pairs_hook=no_duplicates)
            self.assertEqual(
                value["properties"]["driveList"],
                [
                    {"driveId": d.id, "bitLockerKey": key, "manifestFile": d.path, "manifestHash": d.hash,
                     "driveHeaderHash": ""}
                    for d, key in zip(self.odd, self.keys(options))
                ],
            )
            self.expect_lint(bool(options))

    def test_databox(self):
        for options in ([], ["--with-keys"]):
            value = json.loads(self.emit("databox", *options), object_pairs_hook=no_duplicates)
            details = value["properties"]["details"]
            self.assertEqual(details["jobDetailsType"], "DataBoxCustomerDisk")
            self.assertEqual(
                details["importDiskDetailsCollection"],
                {
                    d.id: {"manifestFile": d.path, "manifestHash": d.hash, "bitLockerKey": key}
                    for d, key in zip(self.odd, self.keys(options))
                },
            )
            self.expect_lint(bool(options))

    def expect_lint(self, with_keys):
        """Our own lint takes it; without keys it says that each is masked, and nothing else."""
        result = run("lint", "--format", "json", self.file)
        (document,) = json.loads(result.stdout)["documents"]
        self.assertEqual(document["kind"], "job")
        rules = [f["rule"] for f in document["findings"] if f["severity"] == "error"]
        self.assertEqual(rules, [] if with_keys else ["B-01", "B-01"])

    def test_a_list_is_a_job_that_agrees_with_its_journals(self):
        for form in ("rest", "databox"):
            self.emit(form, "--with-keys")
            _, report = self.judge(*self.arguments, "--job", self.file, status=0)
            self.expect(report, ("M-02", "12.jrn", 24))
            self.assertTrue(report["job"]["has_list"])

    def test_json_of_ids_that_are_none(self):
        """Whatever a journal has as an id, its list is JSON."""
        self.two.id = 'W"D\\-\u00fc\u2028\U0001F4BE\x7f/é'
        self.arguments = [self.journal("12.jrn", *self.odd)]
        result = run("job", "--papers-only", *self.arguments, "--emit", "rest", "--output", self.file)
        self.expect_status(result, 0)
        with open(self.file, encoding="utf-8") as file:
            value = json.load(file, object_pairs_hook=no_duplicates)
        self.assertEqual([d["driveId"] for d in value["properties"]["driveList"]], [d.id for d in self.odd])
        result = run("job", "--papers-only", *self.arguments, "--emit", "databox", "--output", self.file)
        self.expect_status(result, 0)
        with open(self.file, encoding="utf-8") as file:
            value = json.load(file, object_pairs_hook=no_duplicates)
        self.assertEqual(
            list(value["properties"]["details"]["importDiskDetailsCollection"]), [d.id for d in self.odd]
        )

    def test_shell(self):
        for options in ([], ["--with-keys"]):
            self.emit("cli", *options)
            for shell in ("sh", "bash"):
                subprocess.run([shell, "-n", self.file], check=True, timeout=60)
                words = subprocess.run(
                    [shell, "-c", '. "$0" && printf "%s\\0" "$@"', self.file],
                    check=True, timeout=60, stdout=subprocess.PIPE, env=ENVIRONMENT,
                ).stdout.decode("utf-8").split("\0")[:-1]
                expected = []
                for drive, key in zip(self.odd, self.keys(options)):
                    expected += [
                        "--drive-list", f"bit-locker-key={key}", "drive-header-hash=", f"drive-id={drive.id}",
                        f"manifest-file={drive.path}", f"manifest-hash={drive.hash}",
                    ]
                self.assertEqual(words, expected)

    def test_powershell(self):
        for options in ([], ["--with-keys"]):
            text = self.emit("powershell", *options)
            expected = []
            for drive, key in zip(self.odd, self.keys(options)):
                expected += [drive.id, key, drive.path, drive.hash, ""]
            self.assertEqual(powershell_strings(text), expected)
            names = re.findall(r"^    (\w+) = ", text, re.MULTILINE)
            self.assertEqual(names, ["DriveId", "BitLockerKey", "ManifestFile", "ManifestHash", "DriveHeaderHash"] * 2)
            # With a byte-order mark, because of what is no ASCII in it.
            self.assertTrue(text.startswith("\ufeff$driveList = @(\n  @{\n"))
            self.assertTrue(text.endswith("  }\n)\n"))

    @unittest.skipUnless(shutil.which("pwsh"), "pwsh is missing")
    def test_powershell_reads_it(self):
        self.emit("powershell", "--with-keys")
        script = f". ([scriptblock]::Create((Get-Content -Raw '{self.file}'))); ConvertTo-Json $driveList"
        result = subprocess.run(["pwsh", "-NoProfile", "-Command", script], stdout=subprocess.PIPE, check=True, timeout=120)
        self.assertEqual([d["ManifestFile"] for d in json.loads(result.stdout)], [d.path for d in self.odd])

    def test_header_hash_of_the_job(self):
        header = "0:1048576:" + "A" * 128
        job = self.job("job.json", self.one)
        with open(job, encoding="utf-8") as file:
            value = json.load(file)
        value["properties"]["driveList"][0]["driveHeaderHash"] = header
        self.arguments = ["--job", self.write("job.json", json.dumps(value))]
        self.assertIn(f"'drive-header-hash={header}'", self.emit("cli"))

    def test_the_path_is_the_journals(self):
        """Published scripts write two backslashes, and the service is asked for a file of that name."""
        doubled = self.one.but(path="\\\\DriveManifest.xml")
        self.arguments = [self.journal("1.jrn", self.one), "--job", self.job("job.json", doubled)]
        value = json.loads(self.emit("rest"))
        self.assertEqual(value["properties"]["driveList"][0]["manifestFile"], "\\DriveManifest.xml")

    def test_only_the_jobs_drives(self):
        self.arguments += ["--job", self.job("job.json", self.one)]
        value = json.loads(self.emit("rest"))
        self.assertEqual([d["driveId"] for d in value["properties"]["driveList"]], [self.one.id])

    def test_no_list_of_what_contradicts(self):
        wrong = self.one.but(hash="A" * 32)
        self.arguments += ["--job", self.job("job.json", wrong, self.two)]
        result = self.emit("rest", "--with-keys", status=1)
        self.assertIn(b"no drive list was written", result.stderr)

    def test_no_key_no_list_with_keys(self):
        self.arguments = [self.journal("1.jrn", self.one.but(key="*******"))]
        result = self.emit("cli", "--with-keys", status=3)
        self.assertIn(b"WD-JOB001", result.stderr)

    def test_what_was_there_stays_when_nothing_is_written(self):
        self.write("list", "before")
        self.arguments = [self.journal("1.jrn", self.one.but(key="*******"))]
        result = run("job", "--papers-only", *self.arguments, "--emit", "cli", "--with-keys", "--output", self.file)
        self.expect_status(result, 3)
        with open(self.file, encoding="utf-8") as file:
            self.assertEqual(file.read(), "before")
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(["1.jrn", "12.jrn", "bad", "d1", "d2", "good", "list"]))

    def test_a_file_for_everyone_becomes_its_owners(self):
        self.write("list", "before")
        os.chmod(self.file, 0o666)
        self.assertIn(self.one.key, self.emit("cli", "--with-keys"))

    def test_never_through_a_link_nor_into_a_device(self):
        os.symlink(self.write("elsewhere", "kept"), self.file)
        for target in (self.file, "/dev/stdout", "/dev/null", self.folder):
            result = run("job", "--papers-only", *self.arguments, "--emit", "cli", "--with-keys", "--output", target)
            self.expect_status(result, 3)
            self.assertIn(b"is no regular file", result.stderr)
            self.expect_no_secret(result.stdout, result.stderr)
        with open(self.path("elsewhere"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "kept")

    def test_not_over_what_is_read(self):
        for target in (self.arguments[0], os.path.join(self.one.folder, "list")):
            result = run(
                "job", "--papers-only", *self.arguments, self.one.folder, "--emit", "cli", "--output", target
            )
            self.expect_status(result, 2)

    def test_reports_of_all_formats_hold_no_key(self):
        wrong = self.one.but(key=self.two.key)
        job = self.job("job.json", wrong, self.two)
        for form in ("text", "json", "sarif", "junit"):
            result = run("job", "--format", form, *self.arguments, self.one.folder, "--job", job, "--verbose")
            self.expect_status(result, 1)
            self.expect_no_secret(result.stdout, result.stderr)
            self.assertIn(b"W-07", result.stdout)


if __name__ == "__main__":
    unittest.main()
