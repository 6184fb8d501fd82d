# SPDX-License-Identifier: Apache-2.0
"""tallyman job: what doesn't hold together between the documents and drives of a job."""

import json
import os
import signal
import subprocess
import unittest

from fixture import COMMAND, ENVIRONMENT, run
from job_fixture import HASH_LINE, KEY_LINE, PATH_LINE, Drive, JobCase, key_of


class Findings(JobCase):
    def test_all_agree(self):
        one, two = self.make(1), self.make(2)
        arguments = (
            self.journal("1.jrn", one), self.drive_info("2.xml", two), one.folder, two.folder,
            "--job", self.job("job.json", one, two),
        )
        drives, report = self.judge(*arguments, status=0, papers_only=False)
        self.expect(report)
        self.assertEqual([d["subject"]["drive_id"] for d in drives], ["WD-JOB001", "WD-JOB002"])
        self.assertEqual([d["verdict"]["drive_status"] for d in drives], ["Completed", "Completed"])
        self.assertEqual(
            report["job"]["verdict"],
            {"portal_state": "Completed", "classic_state": "Completed", "exit_status": 0},
        )
        self.assertTrue(report["job"]["is_complete"])
        self.assertTrue(report["job"]["has_list"])
        self.assertIsNone(report["job"]["list_refusal"])
        kinds = [s["kind"] for s in report["job"]["subjects"]]
        self.assertEqual(kinds, ["journal", "drive-info", "drive", "drive", "job"])

    def test_order_of_data_box_agrees(self):
        one, two = self.make(1), self.make(2)
        _, report = self.judge(
            self.journal("12.jrn", one, two), self.order("order.json", two, one), one.folder, two.folder, status=0
        )
        self.expect(report)
        # In the order of the list.
        self.assertEqual([d["drive_id"] for d in report["job"]["drives"]], ["WD-JOB002", "WD-JOB001"])
        self.assertTrue(all(d["is_listed"] for d in report["job"]["drives"]))

    def test_ids_and_keys_in_other_notations_agree(self):
        one = self.make(1)
        other = one.but(id="wd-job001", key=one.key.replace("-", ""), path="DriveManifest.xml", hash=one.hash.lower())
        _, report = self.judge(self.journal("1.jrn", one), "--job", self.job("job.json", other), status=0)
        self.expect(report)
        self.assertEqual(len(report["job"]["drives"]), 1)

    def test_extra_drive(self):
        one, two = self.make(1), self.make(2)
        arguments = (self.journal("1.jrn", one), self.journal("2.jrn", two), one.folder, two.folder)
        _, report = self.judge(*arguments, "--job", self.job("job.json", one), status=1)
        self.expect(report, ("W-01", "d2", None, "WD-JOB002"))
        self.assertFalse(self.drive(report, 2)["is_of_job"])
        # By its journal alone it may be another job's.
        _, report = self.judge(*arguments[:3], "--job", self.job("job.json", one), status=0)
        self.expect(report, ("W-01", "2.jrn", 8, "WD-JOB002"))
        self.assertEqual(report["findings"][0]["severity"], "warning")

    def test_missing_drive(self):
        one, two = self.make(1), self.make(2)
        job = self.job("job.json", one, two)
        _, report = self.judge(self.journal("12.jrn", one, two), one.folder, "--job", job, status=0)
        self.expect(report, ("W-02", "job.json", 10, "WD-JOB002 is not at hand"))
        self.judge(self.journal("12.jrn", one, two), one.folder, "--job", job, "--strict", status=1)
        # Without a list the journal may speak of drives of other jobs.
        _, report = self.judge(self.journal("12.jrn", one, two), one.folder, status=0)
        self.expect(report, ("W-02", "12.jrn", 21, "WD-JOB002"))
        self.assertEqual(report["findings"][0]["severity"], "note")
        self.assertEqual([d["is_of_job"] for d in report["job"]["drives"]], [True, False])

    def test_drive_without_journal(self):
        one, two = self.make(1), self.make(2)
        _, report = self.judge(self.journal("1.jrn", one), one.folder, two.folder, status=0)
        self.expect(report, ("W-04", "d2", None, "WD-JOB002"))
        self.assertFalse(report["job"]["is_complete"])
        self.assertIn("WD-JOB002", report["job"]["list_refusal"])
        _, report = self.judge(self.journal("1.jrn", one), "--job", self.job("job.json", one, two), status=0)
        self.expect(report, ("W-04", "job.json", 10, "WD-JOB002"))

    def test_two_journals_of_one_drive(self):
        one = self.make(1)
        _, report = self.judge(self.journal("a.jrn", one), self.journal("b.jrn", one), status=1)
        self.expect(report, ("W-03", "b.jrn", 8, "WD-JOB001", f"{self.path('a.jrn')}:8"))
        self.assertIn("contradict", report["job"]["list_refusal"])
        _, report = self.judge(self.drive_info("a.xml", one), self.drive_info("b.xml", one), status=1)
        self.expect(report, ("W-03", "b.xml", 5, f"{self.path('a.xml')}:5"))
        # The DriveInfo file beside a journal is the same preparation.
        _, report = self.judge(self.journal("a.jrn", one), self.drive_info("a.xml", one), status=0)
        self.expect(report)

    def test_one_drive_twice_in_the_list(self):
        one = self.make(1)
        _, report = self.judge("--job", self.job("job.json", one, one), status=0)
        self.expect(report, ("R-02", "job.json", 10))

    def test_one_directory_twice(self):
        one = self.make(1)
        os.symlink(one.folder, self.path("link"))
        drives, report = self.judge(
            self.journal("1.jrn", one), one.folder, self.path("link"), status=1, papers_only=False
        )
        self.expect(report, ("W-03", "link", None, one.folder))
        self.assertEqual(len(drives), 1)

    def test_two_drives_with_one_id(self):
        one = self.make(1)
        self.make(1, name="copy")
        drives, report = self.judge(
            self.journal("1.jrn", one), one.folder, self.path("copy"), status=1, papers_only=False
        )
        self.expect(report, ("W-03", "copy", None, "WD-JOB001", one.folder))
        self.assertEqual(len(drives), 2)

    def test_keys_that_differ(self):
        one = self.make(1)
        wrong = one.but(key=key_of(7))
        self.secrets.add(wrong.key)
        _, report = self.judge(self.journal("1.jrn", one), "--job", self.job("job.json", wrong), status=1)
        self.expect(report, ("W-07", "1.jrn", KEY_LINE, f"{self.path('job.json')}:6", "differs"))
        self.assertEqual(report["findings"][0]["status"], "BitLockerKeyInvalid")
        self.assertIsNone(report["findings"][0]["expected"])
        self.assertIsNone(report["findings"][0]["actual"])
        self.assertEqual(self.drive(report, 1)["drive_status"], "BitLockerKeyInvalid")
        self.assertEqual(report["job"]["verdict"]["portal_state"], "Data copy failed")
        # External keys, too.
        external = one.but(key="QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=")
        self.secrets.add(external.key)
        _, report = self.judge(self.journal("1.jrn", one), self.drive_info("1.xml", external), status=1)
        self.assertEqual([f["rule"] for f in report["findings"]], ["J-10", "W-07"])

    def test_a_masked_key_differs_from_none(self):
        one = self.make(1)
        _, report = self.judge(self.journal("1.jrn", one.but(key="*******")), self.drive_info("1.xml", one), status=0)
        self.expect(report, ("J-09", "1.jrn", KEY_LINE))
        self.assertTrue(self.drive(report, 1)["has_key"])

    def test_keys_of_an_answer(self):
        one = self.make(1)
        answer = self.write("keys.json", json.dumps({"value": [{"driveId": one.id, "bitLockerKey": key_of(9)}]}))
        self.secrets.add(key_of(9))
        _, report = self.judge(self.journal("1.jrn", one), answer, status=1)
        self.expect(report, ("W-07", "keys.json", 1, "1.jrn"))
        self.assertFalse(report["job"]["has_list"])

    def test_paths_that_differ(self):
        one = self.make(1)
        wrong = one.but(path="\\other.manifest")
        _, report = self.judge(self.journal("1.jrn", one), "--job", self.job("job.json", wrong), status=1)
        self.expect(report, ("W-05", "1.jrn", PATH_LINE, f"{self.path('job.json')}:7"))
        _, report = self.judge(self.journal("1.jrn", wrong), one.folder, status=1)
        self.expect(report, ("W-05", "1.jrn", PATH_LINE, "DriveManifest.xml"))
        self.assertEqual(self.drive(report, 1)["drive_status"], "ManifestNotFound")

    def test_hashes_that_differ(self):
        one = self.make(1)
        wrong = one.but(hash="F" * 32)
        _, report = self.judge(self.journal("1.jrn", one), "--job", self.job("job.json", wrong), status=1)
        self.expect(report, ("W-06", "1.jrn", HASH_LINE, f"{self.path('job.json')}:8"))
        _, report = self.judge(self.journal("1.jrn", wrong), one.folder, status=1)
        self.expect(report, ("W-06", "1.jrn", HASH_LINE, os.path.join(one.folder, "DriveManifest.xml")))
        self.assertEqual(self.drive(report, 1)["drive_status"], "ManifestCorrupted")

    def test_a_manifest_by_itself(self):
        one = self.make(1)
        manifest = os.path.join(one.folder, "DriveManifest.xml")
        _, report = self.judge(self.journal("1.jrn", one), manifest, status=0)
        self.expect(report)
        self.assertFalse(self.drive(report, 1)["is_at_hand"])
        with open(manifest, encoding="utf-8") as file:
            copy = self.write("backup.xml", file.read() + "\n")
        _, report = self.judge(self.journal("1.jrn", one), copy, status=1)
        self.expect(report, ("W-06", "1.jrn", HASH_LINE, "backup.xml"))
        _, report = self.judge(self.journal("1.jrn", one), copy, one.folder, status=0)
        self.expect(report, ("W-06", "backup.xml", None, "another one"))

    def test_more_than_ten_drives(self):
        drives = [self.make(number) for number in range(1, 12)]
        _, report = self.judge(self.journal("all.jrn", *drives), status=1)
        self.expect(report, ("R-01", None, None, "11 drives"))
        _, report = self.judge("--job", self.job("job.json", *drives), status=1)
        self.expect(report, ("R-01", "job.json", 3, "11"))
        self.assertIn("11 drives", report["job"]["list_refusal"])
        _, report = self.judge(self.journal("ten.jrn", *drives[:10]), status=0)
        self.expect(report)

    def test_sessions(self):
        one, two = self.make(1, session="session#1"), self.make(2, session="session#1")
        _, report = self.judge(
            self.journal("1.jrn", one), self.journal("2.jrn", two), one.folder, two.folder, status=0
        )
        self.expect(report, ("W-08", "d2/DriveManifest.xml", 6, "session#1", "d1/DriveManifest.xml:6"))
        # One journal may spread a session over drives (K-20).
        _, report = self.judge(self.journal("12.jrn", one, two), one.folder, two.folder, status=0)
        self.expect(report)

    def test_accounts_that_differ(self):
        one, two = self.make(1), self.make(2)
        manifest = os.path.join(two.folder, "DriveManifest.xml")
        with open(manifest, encoding="utf-8") as file:
            text = file.read()
        other = "B" * 85 + "A=="
        self.secrets.add(other)
        with open(manifest, "w", encoding="utf-8") as file:
            file.write(text.replace("A" * 86 + "==", other))
        two = Drive(2, two.folder)
        _, report = self.judge(
            self.journal("1.jrn", one), self.journal("2.jrn", two), one.folder, two.folder, status=0
        )
        self.expect(report, ("W-10", "d2/DriveManifest.xml", 5, "d1/DriveManifest.xml:5"))
        self.assertIsNone(report["findings"][0]["actual"])

    def test_a_blob_on_two_drives(self):
        files = {"\\same.txt": b"1", "\\other 1.txt": b"2"}
        one, two = self.make(1, files), self.make(2, {"\\same.txt": b"3", "\\Same.txt.2": b"", "\\x": b"4"})
        three = self.make(3, {"\\same.txt": b"5", "\\x": b"6"})
        _, report = self.judge(
            self.journal("j", one, two, three), one.folder, two.folder, three.folder, status=0
        )
        self.expect(
            report,
            ("W-09", "d2/DriveManifest.xml", 7, "d1/DriveManifest.xml:7"),
            ("W-09", "d3/DriveManifest.xml", 7, "d1/DriveManifest.xml:7"),
            ("W-09", "d3/DriveManifest.xml", 10, "d2/DriveManifest.xml:12"),
        )
        self.assertEqual([f["blob_path"] for f in report["findings"]], ["data/same.txt", "data/same.txt", "data/x"])
        drives, report = self.judge(
            self.journal("j", one, two, three), one.folder, two.folder, three.folder, status=0, papers_only=False
        )
        states = [d["drive_status"] for d in report["job"]["drives"]]
        self.assertEqual(states, ["Completed", "CompletedWithWarnings", "CompletedWithWarnings"])
        self.assertEqual(report["job"]["verdict"]["portal_state"], "Data copy completed with warnings")

    def test_findings_of_documents_are_told(self):
        one = self.make(1)
        _, report = self.judge(self.journal("1.jrn", one.but(hash="no hash")), status=1)
        self.expect(report, ("R-05", "1.jrn", HASH_LINE))
        self.assertIn("hash of drive WD-JOB001", report["job"]["list_refusal"])


    def test_a_gap_is_told_once(self):
        """However often it is met, it takes no other one's room."""
        drive = Drive(1)
        keys = ["-".join([f"{11 * (1 + number):06}"] * 8) for number in range(1016)]
        drives = [drive.but(id=f"WD-{number:05}", key=key) for number, key in enumerate(keys)]
        journals = self.journal("1.jrn", *drives[:500]), self.journal("2.jrn", *drives[500:])
        result = run("job", "--papers-only", "--format", "json", *journals, self.make(1).folder)
        gaps = [gap["what"] for gap in json.loads(result.stdout)["job"]["not_checked"]]
        self.assertEqual(gaps, [
            "some of the documents' BitLocker keys",
            "the files of the drives",
            "the job's drive list",
            "which copy sessions the journals hold",
            "the job itself: shipping, account, what the portal knows",
        ])


class Drives(JobCase):
    def test_what_a_journal_would_tell(self):
        """A job has no option that names one."""
        one, two = self.make(1), self.make(2)
        drives, _ = self.judge(self.journal("2.jrn", two), one.folder, two.folder, status=0, papers_only=False)
        for drive, journal in zip(drives, (False, True)):
            gaps = {gap["what"]: gap["why"] for gap in drive["coverage"]["not_checked"]}
            missing = [what for what, why in gaps.items() if why == "no journal of this drive was given"]
            key = "whether the BitLocker key unlocks the drive"
            self.assertEqual(missing, [] if journal else ["the manifest's hash", key])
            self.assertNotIn("--journal", json.dumps(drive))

    def test_one_bad_drive_stops_no_other(self):
        one, two, three = self.make(1), self.make(2), self.make(3)
        with open(os.path.join(one.folder, "1", "a.txt"), "r+b") as file:
            file.write(b"?")
        os.unlink(os.path.join(two.folder, "DriveManifest.xml"))
        drives, report = self.judge(
            self.journal("j", one, two, three), one.folder, two.folder, self.path("none"), three.folder,
            status=3, papers_only=False,
        )
        self.assertEqual(
            [d["verdict"]["drive_status"] for d in drives], ["CompletedWithErrors", "ManifestNotFound", "Completed"]
        )
        self.assertEqual([d["subject"]["path"] for d in drives], [one.folder, two.folder, three.folder])
        (unread,) = [s for s in report["job"]["subjects"] if s["error"]]
        self.assertEqual((unread["path"], unread["error"]["code"]), (self.path("none"), "io"))
        self.assertEqual(self.drive(report, 1)["drive_status"], "CompletedWithErrors")
        self.assertIsNone(self.drive(report, 2)["drive_status"])

    def test_states_of_the_job(self):
        one, two = self.make(1), self.make(2)
        journal = self.journal("12.jrn", one, two)
        job = self.job("job.json", one, two)

        def state(*arguments, status):
            _, report = self.judge(journal, "--job", job, *arguments, status=status, papers_only=False)
            verdict = report["job"]["verdict"]
            return verdict["portal_state"], verdict["classic_state"]

        self.assertEqual(state(one.folder, two.folder, status=0), ("Completed", "Completed"))
        # Success is known of no job whose drives nobody has seen; an error is.
        self.assertEqual(state(one.folder, status=0), (None, None))
        with open(os.path.join(one.folder, "1", "a.txt"), "r+b") as file:
            file.write(b"?")
        errors = ("Data copy completed with errors", "Closed")
        self.assertEqual(state(one.folder, status=1), errors)
        self.assertEqual(state(one.folder, two.folder, status=1), errors)
        with open(os.path.join(two.folder, "DriveManifest.xml"), "a", encoding="utf-8") as file:
            file.write("\n")
        self.assertEqual(state(one.folder, two.folder, status=1), ("Data copy failed", None))

    def test_what_is_no_subject_is_refused_in_words(self):
        one = self.make(1)
        text = self.write("notes.txt", "Nothing that the service knows.\n")
        metadata = self.write("a.metadata", "<Metadata><A>1</A></Metadata>")
        _, report = self.judge(self.journal("1.jrn", one), text, metadata, status=3)
        errors = [s["error"] and s["error"]["message"] for s in report["job"]["subjects"]]
        self.assertIsNone(errors[0])
        self.assertIn("is text, but neither a journal", errors[1])
        self.assertIn("another kind", errors[2])
        result = run("job", self.journal("1.jrn", one), text)
        self.assertIn(b"notes.txt", result.stderr)
        # What is no text is a disk, though nothing may be left of it.
        image = self.path("disk.img")
        with open(image, "wb") as file:
            file.write(b"\0" * 4096)
        drives, report = self.judge(self.journal("1.jrn", one), image, status=1, papers_only=False)
        self.assertEqual([d["verdict"]["drive_status"] for d in drives], ["BitLockerVolumeNotFound"])
        self.assertIsNone(report["job"]["subjects"][1]["error"])

    def test_two_jobs_are_refused(self):
        one = self.make(1)
        result = run("job", "--papers-only", self.job("a.json", one), self.job("b.json", one))
        self.expect_status(result, 3)
        self.assertIn(b"a second job", result.stderr)

    def test_usage(self):
        for arguments in ([], ["--with-keys", "j"], ["--emit", "cli", "j"], ["--emit", "cli", "-o", "-", "j"],
                          ["--emit", "xml", "-o", "f", "j"]):
            result = run("job", *arguments)
            self.expect_status(result, 2)
            self.assertEqual(result.stdout, b"")

    def test_any_number_of_threads_gives_the_same_report(self):
        drives = [self.make(number) for number in range(1, 4)]
        arguments = ["job", self.journal("j", *drives), *(d.folder for d in drives), "--format", "json"]
        expected = run(*arguments, "--jobs", "1").stdout
        for jobs in ("2", "5"):
            self.assertEqual(run(*arguments, "--jobs", jobs).stdout, expected)

    def test_stopping_ends_all_with_honest_reports(self):
        files = {f"\\{i}.bin": bytes([i]) * 60000 for i in range(4)}
        one, two = self.make(1, files), self.make(2)
        arguments = ["job", self.journal("12.jrn", one, two), one.folder, two.folder]
        process = subprocess.Popen(
            [COMMAND, *arguments, "--format", "json", "--progress", "json", "--max-rate", "10K"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
        )
        lines = []
        for line in process.stderr:
            lines.append(line)
            if b'"checking"' in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3)
        first, second, job = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(first["error"], {"code": "stopped", "message": "stopped before the end"})
        self.assertLess(first["coverage"]["segments"]["checked"], 60)
        self.assertEqual(second["error"]["code"], "stopped")
        self.assertIn("was not begun", second["error"]["message"])
        self.assertIn(b"was not begun", err)
        self.assertEqual(job["job"]["verdict"], {"portal_state": None, "classic_state": None, "exit_status": 3})
        self.assertEqual(job["job"]["error"]["code"], "stopped")
        self.expect_no_secret(out, err, b"".join(lines))

    def test_progress_names_the_drives(self):
        one = self.make(1)
        result = run("job", self.journal("1.jrn", one), one.folder, "--progress", "json")
        lines = [json.loads(line) for line in result.stderr.splitlines()]
        self.assertIn(("d1", "checking"), [(line.get("drives"), line["stage"]) for line in lines])
        self.assertIn("reading the manifests", [line["stage"] for line in lines])


if __name__ == "__main__":
    unittest.main()
