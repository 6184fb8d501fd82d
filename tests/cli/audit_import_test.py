# SPDX-License-Identifier: Apache-2.0
"""audit after an import: drives, and logs of services that did more or less what they should."""

import json
import os
import random
import unittest

import audit_maker as maker
from audit_maker import Blob, Entry
from fixture import DriveCase, no_duplicates, run

RANDOM = random.Random(20121121)


def blobs():
    """The standard drive: blocks, page ranges, a sparse disk, an empty blob, names in capitals and other scripts."""
    rest = RANDOM.randbytes
    return [
        Blob("pictures/a.jpg", rest(10000), disposition="rename"),
        Blob("disks/b.vhd", rest(8192), page=True),
        Blob(
            "disks/sparse.vhd", rest(512) + bytes(7680) + rest(512) + bytes(512), page=True, ranges=[(0, 512), (8192, 512)]
        ),
        Blob("pictures/empty.txt", b""),
        Blob("pictures/sub/C&D <1>.txt", b"hello" * 20, file_path="\\pictures\\sub\\cd.txt"),
        Blob("$root/\u97f3.txt", b"x" * 5000, file_path="\\root\\\u97f3.txt"),
    ]


class AuditCase(DriveCase):
    def setUp(self):
        super().setUp()
        self.blobs = blobs()
        self.drive = self.path("drive")

    def make(self, **options):
        maker.make_drive(self.drive, self.blobs, **options)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return self.path(name)

    def flip(self, blob, at):
        with open(os.path.join(self.drive, blob.file_path.strip("\\").replace("\\", "/")), "r+b") as file:
            file.seek(at)
            file.write(bytes([blob.content[at] ^ 1]))

    def audit(self, *logs, status, drive=True, options=()):
        """The report as JSON."""
        lines = [word for log in logs for word in ("--log", log)]
        place = [self.drive] if drive else []
        result = run("audit", "--format", "json", *options, *lines, *place)
        self.expect_status(result, status)
        return json.loads(result.stdout, object_pairs_hook=no_duplicates)

    def headline(self, *logs):
        """What the report for people says first, of an audit in which no error is found."""
        result = run("audit", *[word for log in logs for word in ("--log", log)], self.drive)
        self.expect_status(result, 0)
        (line,) = [line for line in result.stdout.decode().splitlines() if line.startswith("Verdict")]
        return line.split(": ", 1)[1]

    def rules(self, report):
        """The audit's own findings, as rule and blob."""
        return [(f["rule"], f["blob_path"]) for f in report["findings"] if f["rule"].startswith("A-")]

    def finding(self, report, rule):
        found = [f for f in report["findings"] if f["rule"] == rule]
        self.assertEqual(len(found), 1, report["findings"])
        return found[0]


class Proof(AuditCase):
    def test_everything_proven(self):
        self.make()
        verbose = self.write("v.xml", maker.verbose_2021(self.blobs))
        copy = self.write("c.xml", maker.copy_log([], 6))
        report = self.audit(copy, verbose, status=0)
        self.assertEqual(self.rules(report), [])
        audit = report["audit"]
        self.assertEqual((audit["blobs_proven"], audit["blobs_stored"], audit["log_entries"]), (6, 6, 6))
        self.assertEqual((audit["logs"], audit["logs_used"], audit["verbose_log"]), (2, 2, True))
        self.assertIn("whether every log is of this drive", [g["what"] for g in report["coverage"]["not_checked"]])

    def test_any_order_and_any_threads(self):
        self.make()
        reports = []
        for seed in range(3):
            shuffled = list(self.blobs)
            random.Random(seed).shuffle(shuffled)
            verbose = self.write("v.xml", maker.verbose_2021(shuffled))
            for jobs in ("1", "4"):
                reports.append(self.audit(verbose, status=0, options=("--jobs", jobs)))
        for report in reports[1:]:
            self.assertEqual(report, reports[0])

    def test_segments_of_all_sizes(self):
        self.blobs = [Blob(f"ccc/{n}", RANDOM.randbytes(n * 37), block=n) for n in (1, 63, 64, 65, 4095, 100)]
        self.make()
        report = self.audit(self.write("v.xml", maker.verbose_2021(self.blobs)), status=0)
        self.assertEqual(report["audit"]["blobs_proven"], len(self.blobs))

    def test_other_bytes_stored(self):
        self.make()
        log = maker.verbose_2021(self.blobs[1:]) + maker.stored("pictures/a.jpg", b"", size=10000, crc=12345)
        report = self.audit(self.write("v.xml", log), status=1)
        self.assertEqual(self.rules(report), [("A-11", "pictures/a.jpg")])
        finding = self.finding(report, "A-11")
        self.assertEqual(finding["expected"], str(maker.crc64(self.blobs[0].content)))
        self.assertEqual(finding["actual"], "12345")
        self.assertEqual(finding["document"], self.path("v.xml"))
        self.assertEqual((report["audit"]["blobs_proven"], report["audit"]["blobs_refuted"]), (5, 1))

    def test_other_size(self):
        self.make()
        log = maker.verbose_2021(self.blobs[1:]) + maker.stored("pictures/a.jpg", self.blobs[0].content[:-1])
        report = self.audit(self.write("v.xml", log), status=1)
        self.assertEqual(self.rules(report), [("A-10", "pictures/a.jpg")])
        finding = self.finding(report, "A-10")
        self.assertEqual((finding["expected"], finding["actual"]), ("10000", "9999"))

    def test_damaged_before_it_was_read(self):
        """The service stored the very bytes that are on the drive, but they are wrong."""
        self.make()
        self.flip(self.blobs[0], 5000)
        wrong = bytearray(self.blobs[0].content)
        wrong[5000] ^= 1
        log = maker.verbose_2021(self.blobs[1:]) + maker.stored("pictures/a.jpg", bytes(wrong))
        report = self.audit(self.write("v.xml", log), status=1)
        self.assertEqual(self.rules(report), [("A-13", "pictures/a.jpg")])
        self.assertEqual((report["audit"]["blobs_proven"], report["audit"]["blobs_refuted"]), (5, 1))

    def test_damaged_on_the_way_back(self):
        self.make()
        self.flip(self.blobs[1], 0)
        report = self.audit(self.write("v.xml", maker.verbose_2021(self.blobs)), status=1)
        self.assertEqual(self.rules(report), [("A-30", "disks/b.vhd")])
        self.assertIn("Corrupted", [f["status"] for f in report["findings"]])
        self.assertEqual((report["audit"]["blobs_proven"], report["audit"]["blobs_refuted"]), (5, 0))

    def test_gone_on_the_way_back(self):
        self.blobs[0].written = False
        self.make()
        report = self.audit(self.write("v.xml", maker.verbose_2021(self.blobs)), status=1)
        self.assertEqual(self.rules(report), [("A-30", "pictures/a.jpg")])
        self.assertIn("FileNotFound", self.finding(report, "A-30")["message"])

    def test_sparse_with_other_bytes_between(self):
        self.make()
        sparse = self.blobs[2]
        full = bytearray(sparse.content)
        full[1000] = 7
        log = maker.verbose_2021([b for b in self.blobs if b is not sparse]) + maker.stored(sparse.path, bytes(full), "PageBlob")
        report = self.audit(self.write("v.xml", log), status=1)
        self.assertIn("don't cover the blob", self.finding(report, "A-11")["message"])

    def test_blocks_with_a_gap(self):
        """No CRC-64 of the blob can be made of its blocks; the manifest is wrong by itself."""
        self.blobs[0].ranges = [(0, 4096), (8192, 1808)]
        self.make()
        report = self.audit(self.write("v.xml", maker.verbose_2021(self.blobs)), status=1)
        self.assertEqual(self.rules(report), [("A-12", "pictures/a.jpg")])
        self.assertEqual(report["audit"]["blobs_proven"], 5)

    def test_all_zeros_between_no_ranges(self):
        """Nothing of the file was read: what it holds is not known, whatever the service stored."""
        self.blobs = [Blob("disks/zero.vhd", bytes(65536), page=True, ranges=[])]
        self.make()
        report = self.audit(self.write("v.xml", maker.verbose_2021(self.blobs)), status=3)
        self.assertEqual((report["audit"]["blobs_stored"], report["audit"]["blobs_proven"]), (1, 0))
        self.assertIn("bytes of page blobs that no page range has", [g["what"] for g in report["coverage"]["not_checked"]])
        self.blobs.append(Blob("pictures/a.jpg", b"a"))
        self.make()
        report = self.audit(self.write("v.xml", maker.verbose_2021(self.blobs)), status=0)
        self.assertEqual((report["audit"]["blobs_stored"], report["audit"]["blobs_proven"]), (2, 1))


class Headline(AuditCase):
    DISAGREE = "nothing was found in which drive, papers and logs disagree"
    WARNINGS = "no error was found in what was compared; see the warnings"

    def log(self, **first):
        entries = [Entry(b) for b in self.blobs]
        entries[0] = Entry(self.blobs[0], **first)
        return self.write("l.xml", maker.drive_log(entries))

    def test_only_notes(self):
        self.make()
        self.assertEqual(self.headline(self.log()), self.DISAGREE)
        self.assertEqual(self.headline(self.log(disposition=("overwrite", "Overwritten"))), self.DISAGREE)

    def test_warnings(self):
        """The service has not what was shipped, or has it elsewhere: that is not silence."""
        self.make()
        self.assertEqual(self.headline(self.log(disposition=("no-overwrite", "Skipped"))), self.WARNINGS)
        self.assertEqual(self.headline(self.log(disposition=("rename", "Renamed"), path="pictures/x.jpg")), self.WARNINGS)
        self.assertEqual(self.headline(self.log(path=f"databox-{'0123456789' * 4}/a.jpg")), self.WARNINGS)


class Names(AuditCase):
    def test_missing_in_the_verbose_log(self):
        self.make()
        report = self.audit(self.write("v.xml", maker.verbose_2021(self.blobs[1:])), status=1)
        self.assertEqual(self.rules(report), [("A-40", "pictures/a.jpg")])
        finding = self.finding(report, "A-40")
        self.assertEqual(finding["document"], "\\DriveManifest.xml")
        self.assertIsInstance(finding["line"], int)

    def test_missing_in_the_manifest(self):
        self.make()
        log = maker.stored("other/x.bin", b"abc") + maker.verbose_2021(self.blobs) + maker.stored("other/y.bin", b"")
        report = self.audit(self.write("v.xml", log), status=1)
        self.assertEqual(self.rules(report), [("A-41", "other\\x.bin"), ("A-41", "other\\y.bin")])
        self.assertEqual(report["audit"]["entries_unknown"], 2)

    def test_order_of_findings(self):
        """The manifest's order first, then that of the logs."""
        self.make()
        log = maker.stored("z/1", b"") + maker.verbose_2021(reversed(self.blobs[2:5])) + maker.stored("a/2", b"")
        report = self.audit(self.write("v.xml", log), status=1)
        self.assertEqual(
            self.rules(report),
            [("A-40", "pictures/a.jpg"), ("A-40", "disks/b.vhd"), ("A-40", "$root/\u97f3.txt"), ("A-41", "z\\1"), ("A-41", "a\\2")],
        )

    def test_taken_name_2021(self):
        """No log says so; but only M-25 explains the name."""
        self.make()
        log = maker.verbose_2021(self.blobs[1:]) + maker.stored("pictures/a (2).jpg", self.blobs[0].content)
        report = self.audit(self.write("v.xml", log), status=0)
        self.assertEqual(self.rules(report), [("A-50", "pictures/a.jpg")])
        finding = self.finding(report, "A-50")
        self.assertEqual((finding["severity"], finding["actual"]), ("note", "pictures\\a (2).jpg"))
        self.assertEqual((report["audit"]["blobs_proven"], report["audit"]["blobs_renamed"]), (6, 1))

    def test_no_guess_at_another_blob(self):
        self.blobs.append(Blob("pictures/a (2).jpg", b"another"))
        self.make()
        report = self.audit(self.write("v.xml", maker.verbose_2021(self.blobs[1:])), status=1)
        self.assertEqual(self.rules(report), [("A-40", "pictures/a.jpg")])

    def test_container_renamed_2021(self):
        self.blobs = [Blob("New_Folder/a.txt", b"one"), Blob("New_Folder/sub/b.txt", b"two"), Blob("good/c.txt", b"three")]
        self.make()
        new = "DataBox-96d8e2ee-ffd4-4529-9ec0-f666674b70d9"
        log = "".join(maker.stored(b.path.replace("New_Folder", new), b.content) for b in self.blobs)
        copy = maker.copy_log([maker.renamed("New_Folder", "ContainerRenamed", new, "Container")], 3)
        for logs in ((log, copy), (copy, log)):
            paths = [self.write(f"{n}.xml", text) for n, text in enumerate(logs)]
            report = self.audit(*paths, status=self.status_of_names())
            self.assertEqual(self.rules(report), [("A-52", "New_Folder/a.txt"), ("A-52", "New_Folder/sub/b.txt")])
            self.assertEqual((report["audit"]["blobs_proven"], report["audit"]["blobs_renamed"]), (3, 2))
            self.assertEqual([f["actual"] for f in report["findings"] if f["rule"] == "A-52"], [new, new])

    def status_of_names(self):
        """What check says of names that break the rules, whatever the logs say."""
        return run("check", self.drive).returncode

    def test_blob_renamed_2021(self):
        self.blobs = [Blob("data/\u00c3", b"odd", file_path="\\data\\odd"), Blob("data/even", b"even")]
        self.make()
        name = "DataBox-0xcdc5c61692e5d63af53a3cb5473e5200915e17b294683968a286c0228054f10e"
        entity = maker.renamed("data\\\u00c3", "BlobRenamed", "BlockBlob/" + name)
        for new in (name, "BlockBlob/" + name):
            verbose = maker.stored("data/" + new, b"odd") + maker.stored("data/even", b"even")
            report = self.audit(
                self.write("v.xml", verbose), self.write("c.xml", maker.copy_log([entity], 2)), status=self.status_of_names()
            )
            self.assertEqual(self.rules(report), [("A-52", "data/\u00c3")])
            self.assertEqual(self.finding(report, "A-52")["actual"], "BlockBlob/" + name)
            self.assertEqual(report["audit"]["blobs_proven"], 2)

    def test_dispositions_of_a_drive_log(self):
        a, b, c = (Blob(f"pictures/{n}.jpg", n.encode() * 50, disposition=d) for n, d in
                   (("a", "rename"), ("b", "no-overwrite"), ("c", "overwrite")))
        self.blobs = [a, b, c]
        self.make()
        entries = [
            Entry(c, disposition=("overwrite", "Overwritten")),
            Entry(b, disposition=("no-overwrite", "Skipped")),
            Entry(a, disposition=("rename", "Renamed"), path="pictures/a (3).jpg"),
        ]
        report = self.audit(self.write("l.xml", maker.drive_log(entries)), status=0)
        self.assertEqual(
            self.rules(report), [("A-50", "pictures/a.jpg"), ("A-53", "pictures/b.jpg"), ("A-54", "pictures/c.jpg")]
        )
        self.assertEqual(self.finding(report, "A-50")["actual"], "pictures/a (3).jpg")
        self.assertEqual(self.finding(report, "A-53")["status"], "Skipped")

    def test_renamed_otherwise(self):
        """The file on the drive tells which blob it is."""
        self.make()
        entries = [Entry(b, disposition=("rename", "Created")) for b in self.blobs]
        entries[0] = Entry(self.blobs[0], disposition=("rename", "Renamed"), path="pictures/something else.jpg")
        report = self.audit(self.write("l.xml", maker.drive_log(entries)), status=0)
        self.assertEqual(self.rules(report), [("A-51", "pictures/a.jpg")])

    def test_containers_that_are_really_called_so(self):
        """Their names look like those that the service gives, but they are the manifest's."""
        names = ("databox-backup", "databox-" + "c2073fd1cc379d83e03d6b7acce23a6cf29d1eef", "databox-", "databox-0")
        self.blobs = [Blob(f"{name}/x.bin", name.encode()) for name in names]
        self.make()
        report = self.audit(self.write("l.xml", maker.drive_log([Entry(b) for b in self.blobs])), status=self.status_of_names())
        self.assertEqual(self.rules(report), [])
        self.assertEqual((report["audit"]["blobs_logged"], report["audit"]["blobs_renamed"]), (4, 0))
        # What the service says of such a blob counts, also where it contradicts itself.
        entries = [Entry(self.blobs[0]), Entry(self.blobs[1], "IOFailed"), *map(Entry, self.blobs[2:])]
        report = self.audit(self.write("l.xml", maker.drive_log(entries)), status=1)
        self.assertEqual(self.rules(report), [("A-20", self.blobs[1].path)])
        entries[1] = Entry(self.blobs[1], "ContainerRenamed")
        log = maker.drive_log(entries, "CompletedWithErrors", version="2018-10-01")
        report = self.audit(self.write("l.xml", log), status=self.status_of_names())
        self.assertEqual(self.rules(report), [("A-52", self.blobs[1].path)])
        self.assertIn("gives the name that it had", self.finding(report, "A-52")["message"])

    def test_container_renamed_and_completed(self):
        """L-34: only the form of the name tells."""
        self.blobs = [Blob("old/a.txt", b"one"), Blob("old/b.txt", b"two"), Blob("good/c.txt", b"three")]
        self.make()
        new = "databox-c2073fd1cc379d83e03d6b7acce23a6cf29d1eef"
        entries = [Entry(self.blobs[0], path=f"{new}/a.txt"), Entry(self.blobs[1], "IOFailed", path=f"{new}/b.txt"),
                   Entry(self.blobs[2])]
        report = self.audit(self.write("l.xml", maker.drive_log(entries)), status=1)
        self.assertEqual(self.rules(report), [("A-52", "old/a.txt"), ("A-20", "old/b.txt")])
        self.assertEqual(self.finding(report, "A-52")["actual"], f"{new}/a.txt")

    def test_container_renamed_2018(self):
        self.blobs = [Blob("pageblob test/private.vhd", bytes(1024), file_path="\\PageBlob\\pageblob test\\private.vhd", page=True)]
        self.make()
        log = (
            '<?xml version="1.0" encoding="utf-8"?>\n<DriveLog Version="2018-10-01"><DriveId>9WM35C2V</DriveId>'
            '<Summary><ValidationErrors><None Count="8"/></ValidationErrors><CopyErrors><Completed Count="5" Description=""/>'
            '<ContainerRenamed Count="1" Description=""/></CopyErrors></Summary>'
            '<Blob Status="ContainerRenamed"><BlobPath>databox-c2073fd1cc379d83e03d6b7acce23a6cf29d1eef/private.vhd</BlobPath>'
            "<OriginalFilePath>\\PageBlob\\pageblob test\\private.vhd</OriginalFilePath><SizeInBytes>1024</SizeInBytes></Blob>"
            "<Status>CompletedWithErrors</Status></DriveLog>\n"
        )
        report = self.audit(self.write("l.xml", log), status=self.status_of_names())
        self.assertEqual(self.rules(report), [("A-52", "pageblob test/private.vhd")])
        self.assertEqual(
            self.finding(report, "A-52")["actual"], "databox-c2073fd1cc379d83e03d6b7acce23a6cf29d1eef/private.vhd"
        )


class Errors(AuditCase):
    def test_error_that_the_drive_does_not_have(self):
        self.make()
        for version in ("2014-11-01", None):
            entries = [Entry(self.blobs[1], "CompletedWithErrors", bad={1: "Corrupted"}, only_bad=True)]
            log = maker.drive_log(entries, "CompletedWithErrors", version=version)
            report = self.audit(self.write("l.xml", log), status=1)
            self.assertEqual(self.rules(report), [("A-20", "disks/b.vhd")])
            finding = self.finding(report, "A-20")
            self.assertEqual(finding["status"], "CompletedWithErrors")
            self.assertIn("1 of the 1 blocks or ranges listed, the first (Corrupted) at byte 4096 with 4096 bytes", finding["message"])
            self.assertEqual(report["audit"]["blobs_failed"], 1)

    def test_error_that_the_drive_has_too(self):
        self.make()
        self.flip(self.blobs[1], 4096)
        entries = [Entry(self.blobs[1], "CompletedWithErrors", bad={1: "Corrupted"})]
        report = self.audit(self.write("l.xml", maker.drive_log(entries, "CompletedWithErrors")), status=1)
        self.assertEqual(self.rules(report), [("A-21", "disks/b.vhd")])

    def test_error_that_the_log_does_not_have(self):
        self.make()
        self.flip(self.blobs[1], 4096)
        verbose = maker.drive_log([Entry(b) for b in self.blobs])
        report = self.audit(self.write("l.xml", verbose), status=1)
        self.assertEqual(self.rules(report), [("A-30", "disks/b.vhd")])
        report = self.audit(self.write("l.xml", maker.drive_log([])), status=1)
        self.assertEqual(self.rules(report), [("A-30", "disks/b.vhd")])

    def test_copy_log_of_2021(self):
        self.make()
        entities = [maker.errored("pictures\\a.jpg", "UploadErrorCloudHttp", 409, "The blob type is invalid for this operation.")]
        report = self.audit(self.write("c.xml", maker.copy_log(entities, 6)), status=1)
        self.assertEqual(self.rules(report), [("A-20", "pictures/a.jpg")])
        finding = self.finding(report, "A-20")
        self.assertEqual((finding["level"], finding["status"]), ("log_code", "UploadErrorCloudHttp"))
        self.assertEqual(finding["actual"], "The blob type is invalid for this operation.")

    def test_failed_blob_is_not_missing_too(self):
        self.make()
        entities = [maker.errored("pictures\\a.jpg", "UploadErrorDataValidationError", 0, "crc")]
        report = self.audit(
            self.write("c.xml", maker.copy_log(entities, 6)), self.write("v.xml", maker.verbose_2021(self.blobs[1:])), status=1
        )
        self.assertEqual(self.rules(report), [("A-20", "pictures/a.jpg")])
        self.assertEqual((report["audit"]["blobs_proven"], report["audit"]["blobs_unlogged"]), (5, 0))

    def test_drive_that_was_not_processed(self):
        self.make()
        for code in ("BitLockerKeyInvalid", "ManifestNotFound", "VolumeNotNtfs"):
            report = self.audit(self.write("l.xml", maker.drive_log([], code)), status=1)
            finding = self.finding(report, "A-04")
            self.assertEqual((finding["level"], finding["status"]), ("drive", code))

    def test_log_of_another_drive(self):
        self.make()
        own = self.write("own.xml", maker.drive_log([Entry(b) for b in self.blobs]))
        other = self.write("other.xml", maker.drive_log([Entry(Blob("x/y", b"z"))], drive_id="WD-WMATV6965824"))
        report = self.audit(other, status=1)
        finding = self.finding(report, "A-01")
        self.assertEqual((finding["severity"], finding["expected"], finding["actual"]), ("error", "9WM35C2V", "WD-WMATV6965824"))
        report = self.audit(other, own, status=0)
        self.assertEqual(self.finding(report, "A-01")["severity"], "note")
        self.assertEqual((report["audit"]["logs"], report["audit"]["logs_used"]), (2, 1))
        self.assertEqual((report["audit"]["entries_unknown"], report["audit"]["blobs_logged"]), (0, 6))

    def test_log_without_id_that_fits_nothing(self):
        self.make()
        report = self.audit(self.write("v.xml", maker.verbose_2021([Blob("x/y", b"z")])), status=1)
        self.assertIn(("A-05", None), self.rules(report))

    def test_several_logs_of_one_drive(self):
        self.make()
        error = maker.drive_log([Entry(self.blobs[0], "CompletedWithErrors", bad={0: "IOFailed"}, only_bad=True)], "CompletedWithErrors")
        verbose = maker.drive_log([Entry(b) for b in self.blobs[1:]] + [Entry(self.blobs[0], "CompletedWithErrors", bad={0: "IOFailed"})],
                                  "CompletedWithErrors")
        report = self.audit(self.write("e.xml", error), self.write("v.xml", verbose), status=1)
        self.assertEqual(self.rules(report), [("A-20", "pictures/a.jpg")])
        self.assertEqual(report["audit"]["blobs_failed"], 1)

    def test_status_that_is_not_known(self):
        self.make()
        entries = [Entry(b) for b in self.blobs]
        entries[2] = Entry(self.blobs[2], "Vanished")
        report = self.audit(self.write("l.xml", maker.drive_log(entries)), status=0)
        self.assertEqual(self.rules(report), [("A-23", "disks/sparse.vhd")])

    def test_logs_of_many_other_drives(self):
        """One of a hundred logs is this drive's, and all name the same blobs."""
        self.make()
        logs = [
            self.write(f"{n}.xml", maker.drive_log([Entry(b, "IOFailed") for b in self.blobs], drive_id=f"OTHER{n}"))
            for n in range(100)
        ]
        logs.insert(70, self.write("own.xml", maker.drive_log([Entry(b) for b in self.blobs])))
        report = self.audit(*logs, status=0)
        self.assertEqual({rule for rule, _ in self.rules(report)}, {"A-01"})
        self.assertEqual((report["audit"]["logs_used"], report["audit"]["blobs_logged"]), (1, 6))

    def test_log_in_utf16(self):
        """Texts that are read a second time are there in every encoding."""
        self.make()
        strange = maker.Blob("other/\u97f3 & x.bin", b"x" * 700)
        entries = [Entry(b) for b in self.blobs] + [Entry(strange)]
        entries[1] = Entry(self.blobs[1], "CompletedWithErrors", bad={1: "Corrupted"})
        log = maker.drive_log(entries, "CompletedWithErrors").replace("utf-8", "utf-16")
        for encoding, mark in (("utf-16-le", ""), ("utf-16-be", ""), ("utf-16-le", "\ufeff"), ("utf-16-be", "\ufeff")):
            path = self.path("l.xml")
            with open(path, "w", encoding=encoding, newline="") as file:
                file.write(mark + log)
            report = self.audit(path, status=1)
            self.assertEqual(self.rules(report), [("A-20", "disks/b.vhd"), ("A-41", strange.path)])
            self.assertIn("the first (Corrupted) at byte 4096 with 4096 bytes", self.finding(report, "A-20")["message"])

    def test_log_with_elements_that_are_not_known(self):
        self.make()
        log = maker.drive_log([Entry(b) for b in self.blobs])
        what = "elements of the logs that are not known here"
        gaps = [g["what"] for g in self.audit(self.write("l.xml", log), status=0)["coverage"]["not_checked"]]
        self.assertNotIn(what, gaps)
        log = log.replace("<Blob ", '<ManagedDisk Status="Failed"><Path>x</Path></ManagedDisk>\n<Blob ', 1)
        paths = [self.write("l.xml", log), self.write("l2.xml", log)]
        gaps = [g["what"] for g in self.audit(*paths, status=0)["coverage"]["not_checked"]]
        self.assertEqual(gaps.count(what), 1)

    def test_log_that_breaks_off(self):
        self.make()
        log = maker.drive_log([Entry(b) for b in self.blobs])
        report = self.audit(self.write("l.xml", log[: len(log) // 2]), status=1)
        self.assertEqual([rule for rule, _ in self.rules(report)], ["A-03"])

    def test_what_is_no_log(self):
        self.make()
        report = self.audit(os.path.join(self.drive, "DriveManifest.xml"), status=3)
        self.assertEqual(report["error"]["code"], "argument")
        report = self.audit(self.path("nothing.xml"), status=3)
        self.assertEqual(report["error"]["code"], "io")


class Manifests(AuditCase):
    """Where the manifest can't be read, nothing is said of what it doesn't have."""

    def test_manifest_that_is_gone(self):
        self.make()
        os.unlink(os.path.join(self.drive, "DriveManifest.xml"))
        report = self.audit(self.write("v.xml", maker.verbose_2021(self.blobs)), status=1)
        self.assertEqual(self.rules(report), [])
        self.assertEqual([f["status"] for f in report["findings"]], ["ManifestNotFound"])

    def test_manifest_that_breaks_off(self):
        self.make()
        path = os.path.join(self.drive, "DriveManifest.xml")
        os.truncate(path, os.path.getsize(path) // 2)
        report = self.audit(self.write("v.xml", maker.verbose_2021(self.blobs)), status=1)
        self.assertEqual(self.rules(report), [])
        self.assertGreater(report["audit"]["blobs_proven"], 0)
        self.assertIn("what the logs say of blobs behind that", [g["what"] for g in report["coverage"]["not_checked"]])


class Papers(AuditCase):
    """The drive is not at hand."""

    def papers(self, *logs, status):
        return self.audit(
            *logs, status=status, drive=False, options=("--manifest", os.path.join(self.drive, "DriveManifest.xml"))
        )

    def test_all_there(self):
        self.make()
        report = self.papers(self.write("v.xml", maker.verbose_2021(self.blobs)), status=0)
        self.assertEqual(self.rules(report), [])
        self.assertEqual((report["audit"]["blobs_stored"], report["audit"]["blobs_proven"]), (6, 0))
        self.assertEqual(report["subject"]["source"], "papers")
        self.assertIsNone(report["verdict"]["drive_status"])

    def test_sizes_names_and_errors(self):
        self.make()
        log = maker.verbose_2021(self.blobs[2:]) + maker.stored("pictures/a.jpg", b"short")
        entities = [maker.errored("disks\\b.vhd", "UploadErrorWin32", 5, "no")]
        report = self.papers(self.write("v.xml", log), self.write("c.xml", maker.copy_log(entities, 6)), status=1)
        self.assertEqual(self.rules(report), [("A-10", "pictures/a.jpg"), ("A-20", "disks/b.vhd")])

    def test_no_manifest(self):
        self.make()
        log = self.write("v.xml", maker.verbose_2021(self.blobs))
        result = run("audit", "--log", log)
        self.expect_status(result, 2)
        self.assertIn(b"--manifest", result.stderr)
        self.expect_status(run("audit", "--log", log, "--manifest", self.path("gone.xml")), 3)
        self.expect_status(run("audit", self.drive), 2)


if __name__ == "__main__":
    unittest.main()
