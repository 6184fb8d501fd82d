# SPDX-License-Identifier: Apache-2.0
"""tallyman job with disks, images and archives among the drives, as a user gives them."""

import json
import os
import shutil
import tarfile
import unittest

from fixture import run
from job_fixture import JobCase, key_of, make_image


class Mixed(JobCase):
    """A folder, a disk's image and a packed drive."""

    def setUp(self):
        super().setUp()
        self.one, self.two, self.three = self.make(1), self.make(2), self.make(3)
        self.disk, key = make_image(self.two.folder, self.path("two.img"))
        self.secrets.add(key)
        self.two = self.two.but(key=key)
        self.archive = self.path("three.tar.xz")
        with tarfile.open(self.archive, "w:xz") as file:
            file.add(self.three.folder, arcname="three")
        self.drives = [self.one.folder, self.disk, self.archive]
        self.journals = [self.journal(f"{d.id}.jrn", d) for d in (self.one, self.two, self.three)]

    def statuses(self, drives):
        return [drive["verdict"]["drive_status"] for drive in drives]

    def test_all_is_well(self):
        job = self.job("job.json", self.one, self.two, self.three)
        drives, report = self.judge(*self.journals, *self.drives, "--job", job, status=0, papers_only=False)
        self.expect(report)
        self.assertEqual(self.statuses(drives), ["Completed"] * 3)
        self.assertEqual([d["subject"]["source"] for d in drives], ["directory", "image", "archive"])
        self.assertEqual([d["subject"]["drive_id"] for d in drives], [self.one.id, self.two.id, self.three.id])
        self.assertEqual([s["kind"] for s in report["job"]["subjects"]], ["journal"] * 3 + ["drive"] * 3 + ["job"])
        self.assertEqual(report["job"]["verdict"]["portal_state"], "Completed")
        self.assertTrue(report["job"]["is_complete"])

    def test_papers_only(self):
        drives, report = self.judge(*self.journals, *self.drives, status=0)
        self.expect(report)
        self.assertEqual(drives, [])
        self.assertTrue(all(self.drive(report, n)["is_at_hand"] for n in (1, 2, 3)))
        result = run("job", "--papers-only", *self.journals, *self.drives, "--emit", "cli", "--output", self.path("l"))
        self.expect_status(result, 0)
        with open(self.path("l"), encoding="utf-8") as file:
            text = file.read()
        self.expect_no_secret(text)
        self.assertIn(self.two.id, text)

    def test_a_key_that_is_wrong(self):
        wrong = key_of(7)
        self.secrets.add(wrong)
        self.journals[1] = self.journal("wrong.jrn", self.two.but(key=wrong))
        drives, report = self.judge(*self.journals, *self.drives, status=1, papers_only=False)
        self.assertEqual(self.statuses(drives), ["Completed", "BitLockerKeyInvalid", "Completed"])
        self.assertEqual([f["rule"] for f in drives[1]["findings"]], ["V-57"])
        self.expect(report, ("W-02", "wrong.jrn", 8, "unless it is", "two.img"))
        self.assertEqual(report["job"]["verdict"]["portal_state"], "Data copy failed")
        self.assertIn("nothing tells which drive", report["job"]["list_refusal"])
        gaps = [gap["what"] for gap in report["job"]["not_checked"]]
        self.assertIn("some drives at hand against the documents", gaps)
        # In papers it is the job's own finding.
        _, report = self.judge(*self.journals, *self.drives, status=1)
        self.assertEqual([f["rule"] for f in report["findings"]], ["V-57", "W-02"])
        # With the key from a file the drive is looked into; what the journal says stays wrong.
        result = run(
            "job", "--format", "json", "--key-file", "-", *self.journals, *self.drives,
            input=(self.two.key + "\n").encode(),
        )
        self.expect_status(result, 1)
        self.expect_no_secret(result.stdout, result.stderr)
        disk = json.loads(result.stdout.splitlines()[1])
        self.assertEqual(disk["verdict"]["drive_status"], "BitLockerKeyInvalid")
        self.assertEqual(disk["coverage"]["blobs"], {"listed": 2, "checked": 2})
        self.assertEqual([(f["rule"], f["line"]) for f in disk["findings"]], [("V-57", 10)])

    def test_where_a_wrong_key_stands(self):
        """The job's description is no file of the drive."""
        wrong = self.two.but(key=key_of(7))
        self.secrets.add(wrong.key)
        job = self.job("job.json", wrong)
        for arguments in (["--job", job, self.disk], [job, self.disk]):
            result = run(
                "job", "--format", "sarif", "--key-file", "-", *arguments, input=(self.two.key + "\n").encode()
            )
            self.expect_status(result, 1)
            self.expect_no_secret(result.stdout, result.stderr)
            (found,) = [entry for entry in json.loads(result.stdout)["runs"][0]["results"] if entry["ruleId"] == "V-57"]
            place = found["locations"][0]["physicalLocation"]
            self.assertEqual(place["artifactLocation"]["uri"], f"file://{job}")
            self.assertIn("startLine", place["region"])

    def test_no_key(self):
        """Keys of other drives that are at hand prove nothing of this one."""
        arguments = (self.journals[0], self.journals[2], *self.drives)
        drives, report = self.judge(*arguments, status=3, papers_only=False)
        self.assertEqual(self.statuses(drives), ["Completed", None, "Completed"])
        self.assertIn("are those of other drives: give the drive's journal", drives[1]["error"]["message"])
        self.assertIn("nothing tells which drive", report["job"]["list_refusal"])
        self.assertFalse(report["job"]["is_complete"])
        result = run("job", *self.drives[1:])
        self.expect_status(result, 3)
        self.assertIn(b"no key was given: give the drive's journal", result.stderr)

    def test_an_archive_without_a_journal(self):
        drives, _ = self.judge(self.archive, status=0, papers_only=False)
        gaps = {gap["what"]: gap["why"] for gap in drives[0]["coverage"]["not_checked"]}
        self.assertEqual(gaps["whether the BitLocker key unlocks the drive"], "no journal of this drive was given")
        self.assertNotIn("--journal", json.dumps(drives))

    def test_one_drive_that_is_none(self):
        with open(self.disk, "wb") as file:
            file.truncate(1 << 20)
        drives, report = self.judge(*self.journals, *self.drives, status=1, papers_only=False)
        self.assertEqual(self.statuses(drives), ["Completed", "BitLockerVolumeNotFound", "Completed"])
        self.assertEqual(report["job"]["verdict"]["portal_state"], "Data copy failed")

    def test_an_image_and_a_directory_of_one_drive(self):
        drives, report = self.judge(*self.journals, self.two.folder, self.disk, status=1, papers_only=False)
        self.assertEqual(self.statuses(drives), ["Completed", "Completed"])
        self.expect(
            report,
            ("W-02", "WD-JOB001.jrn", 8), ("W-02", "WD-JOB003.jrn", 8), ("W-03", "two.img", None, self.two.folder),
        )

    def test_one_image_by_two_paths(self):
        os.symlink(self.disk, self.path("link"))
        drives, report = self.judge(self.journals[1], self.disk, self.path("link"), status=1, papers_only=False)
        self.assertEqual(self.statuses(drives), ["Completed"])
        self.expect(report, ("W-03", "link", None, "the same as", self.disk))

    def test_the_report_is_written_over_nothing_that_is_read(self):
        copy = self.path("copy.img")
        shutil.copyfile(self.disk, copy)
        key = self.write("key", self.two.key)
        for path in (copy, key):
            with open(path, "rb") as file:
                before = file.read()
            result = run("job", self.journals[0], copy, "--key-file", key, "--output", path)
            self.expect_status(result, 2)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), before)

    def test_threads_make_no_difference(self):
        arguments = ["job", *self.journals, *self.drives, "--format", "json"]
        expected = run(*arguments, "--jobs", "1").stdout
        for jobs in ("2", "7"):
            self.assertEqual(run(*arguments, "--jobs", jobs).stdout, expected)

    def test_progress_names_what_is_opened(self):
        result = run("job", *self.journals, *self.drives, "--progress", "json")
        lines = [json.loads(line) for line in result.stderr.splitlines()]
        stages = [(line.get("drives"), line["stage"]) for line in lines]
        self.assertIn(("two.img", "unlocking the volume"), stages)
        self.assertIn((None, "reading the manifests"), stages)

    def test_progress_counts_what_is_done(self):
        """Three drives on one disk, one after the other: each goes on from where the one before ended."""
        result = run("job", *self.journals, *self.drives, "--progress", "json")
        lines = [json.loads(line) for line in result.stderr.splitlines()]
        begun = [line for before, line in zip([None, *lines], lines)
                 if line["stage"] == "checking" and (before is None or before["stage"] != "checking")]
        self.assertEqual([line["bytes_total"] for line in begun], [14000, 28000, 42000])
        self.assertEqual([line["blobs_total"] for line in begun], [2, 4, 6])
        for number, line in enumerate(begun):
            self.assertGreaterEqual(line["bytes_done"], 14000 * number)
            self.assertGreaterEqual(line["blobs_done"], 2 * number)

    def test_progress_cuts_no_character(self):
        folder = self.path("\u97f3" * 30)
        os.rename(self.one.folder, folder)
        result = run("job", self.journals[0], folder, "--progress", "json")
        names = {json.loads(line).get("drives") for line in result.stderr.splitlines()}
        self.assertEqual(names, {None, "\u97f3" * 20})


if __name__ == "__main__":
    unittest.main()
