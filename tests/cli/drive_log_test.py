# SPDX-License-Identifier: Apache-2.0
"""check --format drivelog and drivelog-errors: what they should say is worked out here, from the drive's own bytes.

Manifests are written and read, hashes taken and logs read by Python's libraries. Nothing of what is tested takes part.
"""

import os
import random
import signal
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from drives import Drive, KEY, METADATA, PROPERTIES
from fixture import COMMAND, DriveCase, ENVIRONMENT, find_tool, md5, need, run

XMLLINT = find_tool("xmllint")


def text_of(element, name):
    return element.findtext(name)


class Expectation:
    """What the service would log of a drive, by states.md 5.2 to 5.5, out of manifest and bytes."""

    def __init__(self, drive):
        self.drive = drive
        self.blobs = []
        root = ElementTree.parse(drive.local("\\DriveManifest.xml")).getroot()
        for blob_list in root.iter("BlobList"):
            for blob in blob_list.findall("Blob"):
                self.blobs.append(self.blob(blob_list, blob))
        failed = any(blob["status"] != "Completed" for blob in self.blobs)
        self.status = "CompletedWithErrors" if failed else "Completed"

    def content(self, path):
        try:
            with open(self.drive.local(path), "rb") as file:
                return file.read(), "Completed"
        except FileNotFoundError:
            return None, "FileNotFound"
        except (IsADirectoryError, PermissionError):
            return None, "FileAccessDenied"

    def side(self, name, blob_list, blob, opened):
        own = blob.find(name)
        element = own if own is not None else blob_list.find(name)
        if element is None:
            return None
        content, status = self.content(element.text)
        if content is not None:
            if md5(content) != element.get("Hash"):
                status = "Corrupted"
            else:
                try:
                    ElementTree.fromstring(content)
                except ElementTree.ParseError:
                    status = "XmlReadFailed"
        kind = "Path" if own is not None else "GlobalPath"
        return (status if opened else "Cancelled", kind, element.text, element.get("Hash"))

    def blob(self, blob_list, blob):
        content, opening = self.content(text_of(blob, "FilePath"))
        opened = content is not None
        parts = blob.find("PageRangeList")
        parts = parts if parts is not None else blob.find("BlockList")
        segments = []
        for part in parts:
            offset, length = int(part.get("Offset")), int(part.get("Length"))
            if not opened:
                status = "Cancelled"
            elif offset + length > len(content):
                status = "FileUnexpectedEnd"
            else:
                status = "Completed" if md5(content[offset:offset + length]) == part.get("Hash") else "Corrupted"
            segments.append((part.tag, part.get("Offset"), part.get("Length"), part.get("Id"), part.get("Hash"), status))
        found = {
            "blob_path": text_of(blob, "BlobPath"),
            "file_path": text_of(blob, "FilePath"),
            "snapshot": text_of(blob, "Snapshot"),
            "length": text_of(blob, "Length"),
            "list": parts.tag,
            "segments": segments,
            "Metadata": self.side("MetadataPath", blob_list, blob, opened),
            "Properties": self.side("PropertiesPath", blob_list, blob, opened),
        }
        found["disposition"] = None
        if not opened and text_of(blob, "ImportDisposition") is not None:
            found["disposition"] = ("Cancelled", text_of(blob, "ImportDisposition"))
        statuses = [segment[-1] for segment in segments]
        statuses += [found[name][0] for name in ("Metadata", "Properties") if found[name]]
        failed = any(status != "Completed" for status in statuses)
        found["status"] = opening if not opened else "CompletedWithErrors" if failed else "Completed"
        return found

    def errors(self):
        """The same without what is successful."""
        failed = [dict(blob) for blob in self.blobs if blob["status"] != "Completed"]
        for blob in failed:
            blob["segments"] = [segment for segment in blob["segments"] if segment[-1] != "Completed"]
            for name in ("Metadata", "Properties"):
                if blob[name] is not None and blob[name][0] == "Completed":
                    blob[name] = None
        return failed


def read_side(element):
    if element is None:
        return None
    path = element[0]
    return (element.get("Status"), path.tag, path.text, path.get("Hash"))


def read_log(content):
    """(drive's id, status, blobs) of a log; fails where it isn't as the published grammar says."""
    root = ElementTree.fromstring(content)
    assert root.tag == "DriveLog" and root.attrib == {"Version": "2014-11-01"}
    assert [child.tag for child in root] == ["DriveId"] + ["Blob"] * (len(root) - 2) + ["Status"]
    blobs = []
    order = ["BlobPath", "FilePath", "Snapshot", "Length", "ImportDisposition", "PageRangeList", "BlockList",
             "Metadata", "Properties"]
    for blob in root.findall("Blob"):
        tags = [child.tag for child in blob]
        assert tags == [tag for tag in order if tag in tags], tags
        assert list(blob.attrib) == ["Status"]
        parts = blob.find("PageRangeList")
        parts = parts if parts is not None else blob.find("BlockList")
        disposition = blob.find("ImportDisposition")
        blobs.append({
            "status": blob.get("Status"),
            "blob_path": text_of(blob, "BlobPath"),
            "file_path": text_of(blob, "FilePath"),
            "snapshot": text_of(blob, "Snapshot"),
            "length": text_of(blob, "Length"),
            "list": parts.tag,
            "segments": [(part.tag, part.get("Offset"), part.get("Length"), part.get("Id"), part.get("Hash"),
                          part.get("Status")) for part in parts],
            "Metadata": read_side(blob.find("Metadata")),
            "Properties": read_side(blob.find("Properties")),
            "disposition": None if disposition is None else (disposition.get("Status"), disposition.text),
        })
    return root.findtext("DriveId"), root.findtext("Status"), blobs


class DriveLog(DriveCase):
    maxDiff = None

    def log(self, drive, form, *options, status=None):
        result = run("check", "--quiet", "--format", form, *options, drive)
        if status is not None:
            self.expect_status(result, status)
        return result.stdout

    def expect_no_complaint(self, content):
        result = run("lint", "-", "--format", "text", input=content)
        self.expect_status(result, 0)
        self.assertIn(b"-: valid (drive-log)\n", result.stdout)
        self.assertNotIn(b"warning", result.stdout)
        if XMLLINT is not None:
            subprocess.run([XMLLINT, "--noout", "-"], input=content, check=True)

    def expect_logs(self, drive):
        expected = Expectation(drive)
        status = 0 if expected.status == "Completed" else 1
        verbose = self.log(drive.folder, "drivelog", status=status)
        errors = self.log(drive.folder, "drivelog-errors", status=status)
        self.assertEqual(read_log(verbose), ("9WM35C2V", expected.status, expected.blobs))
        self.assertEqual(read_log(errors), ("9WM35C2V", expected.status, expected.errors()))
        self.expect_no_complaint(verbose)
        self.expect_no_complaint(errors)
        self.assertEqual(self.log(drive.folder, "drivelog", "--jobs", "5"), verbose)
        return expected

    def make(self, name, **options):
        drive = Drive(self.path(name), **options)
        drive.begin_list(METADATA % 0, None if drive.export else PROPERTIES % 0)
        drive.add("\\a.txt", b"a" * 10000, ids="hash", disposition="rename")
        drive.add("\\disks\\b.vhd", bytes(range(256)) * 64, page=True, disposition="overwrite", metadata=METADATA % 1)
        drive.begin_list()
        drive.add("\\c\\\u97f3 \u00fc.bin", b"c" * 9000, ids="number", disposition="no-overwrite")
        drive.add("\\empty", b"", properties=PROPERTIES % 2)
        drive.add("\\d", b"d")
        return drive

    def test_nothing_wrong(self):
        drive = self.make("drive")
        drive.seal()
        self.assertEqual(self.expect_logs(drive).status, "Completed")

    def test_each_kind_of_damage(self):
        def flip(drive, path, at):
            with open(drive.local(path), "r+b") as file:
                file.seek(at)
                byte = file.read(1)
                file.seek(at)
                file.write(bytes([byte[0] ^ 1]))

        damages = {
            "a block": lambda drive: flip(drive, "\\a.txt", 5000),
            "a page range": lambda drive: flip(drive, "\\disks\\b.vhd", 0),
            "a short file": lambda drive: os.truncate(drive.local("\\a.txt"), 5000),
            "no file": lambda drive: os.remove(drive.local("\\a.txt")),
            "no file, other disposition": lambda drive: os.remove(drive.local("\\c\\\u97f3 \u00fc.bin")),
            "no file, no disposition": lambda drive: os.remove(drive.local("\\d")),
            "no empty file": lambda drive: os.remove(drive.local("\\empty")),
            "no list's metadata": lambda drive: os.remove(drive.local("\\list0.metadata")),
            "no metadata": lambda drive: os.remove(drive.local("\\disks\\b.vhd.metadata")),
            "other metadata": lambda drive: flip(drive, "\\disks\\b.vhd.metadata", 60),
            "other properties": lambda drive: flip(drive, "\\empty.properties", 60),
        }
        for name, damage in damages.items():
            with self.subTest(name):
                drive = self.make(name)
                drive.seal()
                damage(drive)
                self.assertEqual(self.expect_logs(drive).status, "CompletedWithErrors")

    def test_metadata_of_another_form(self):
        drive = Drive(self.path("drive"))
        drive.begin_list()
        drive.add("\\a", b"a", metadata=b"<Metadata><Source>1</Metadata>")
        drive.seal()
        self.assertEqual(self.expect_logs(drive).blobs[0]["Metadata"][0], "XmlReadFailed")

    def test_export(self):
        drive = Drive(self.path("drive"), export=True)
        drive.begin_list()
        drive.add("\\a", b"a" * 5000, snapshot="2011-03-09T01:42:34.9360000Z")
        drive.add("\\b", b"b" * 5000)
        drive.seal()
        self.expect_logs(drive)
        os.remove(drive.local("\\b"))
        self.expect_logs(drive)

    def test_names_that_xml_must_escape(self):
        drive = Drive(self.path("drive"))
        drive.begin_list()
        for number, name in enumerate(["a&b", "it's", "&amp;", "]] x", "\u00e4\U0001F600", "a;b#c%20d", "x" * 200]):
            drive.add(f"\\folder & co\\{name}", b"x" * number)
        drive.add("\\odd", b"x", blob_path="data/<tag> \"quoted\" & 'more' ]]>")
        drive.seal()
        self.expect_logs(drive)

    def test_random_drives(self):
        for seed in range(25):
            with self.subTest(seed=seed):
                self.expect_logs(self.make_random(random.Random(seed), f"random{seed}"))

    def make_random(self, choice, name):
        drive = Drive(self.path(name))
        files = []
        for _ in range(choice.randrange(1, 4)):
            drive.begin_list(choice.choice([None, METADATA % 7]), choice.choice([None, PROPERTIES % 7]))
            for _ in range(choice.randrange(1, 8)):
                page = choice.random() < 0.3
                size = choice.randrange(0, 40) * 512 if page else choice.randrange(0, 20000)
                path = f"\\{choice.choice('abc')}\\{len(files)} {choice.choice(['x', 'ö', '音', '&'])}"
                drive.add(
                    path, choice.randbytes(size), piece=choice.choice([512, 1024, 4096]), page=page,
                    ids=None if page else choice.choice([None, "hash", "number"]),
                    disposition=choice.choice([None, "rename", "overwrite", "no-overwrite"]),
                    metadata=choice.choice([None, METADATA % 3]), properties=choice.choice([None, PROPERTIES % 4]),
                )
                files.append(path)
        drive.seal()
        for folder, _, names in list(os.walk(drive.folder)):
            for file_name in sorted(names):
                if file_name == "DriveManifest.xml" or choice.random() < 0.7:
                    continue
                place = os.path.join(folder, file_name)
                size = os.path.getsize(place)
                damage = choice.choice(["remove", "cut", "flip", "folder"])
                if damage == "remove" or size == 0:
                    os.remove(place)
                elif damage == "cut" and not file_name.endswith(("metadata", "properties")):
                    os.truncate(place, choice.randrange(size))
                elif damage == "folder":
                    os.remove(place)
                    os.mkdir(place)
                else:
                    with open(place, "r+b") as file:
                        at = choice.randrange(size)
                        byte = file.read(at + 1)[at]
                        file.seek(at)
                        file.write(bytes([byte ^ 0x80]))
        return drive

    # ---- drives that fail as a whole

    def test_a_drive_that_fails_has_no_blobs(self):
        drive = self.make("drive")
        drive.seal()
        place = drive.local("\\DriveManifest.xml")
        with open(place, encoding="utf-8") as file:
            text = file.read()
        with open(place, "w", encoding="utf-8") as file:
            file.write(text.replace('Offset="4096"', 'Offset="4o96"', 1))
        for form in ("drivelog", "drivelog-errors"):
            log = self.log(drive.folder, form, status=1)
            self.assertEqual(read_log(log), ("9WM35C2V", "ManifestFormatInvalid", []))
            self.expect_no_complaint(log)

    def test_a_drive_without_a_manifest(self):
        folder = self.path("drive")
        os.mkdir(folder)
        log = self.log(folder, "drivelog", "--drive-id", "a<b\x01\udcff", status=1)
        self.assertEqual(read_log(log), ("a<b\ufffd\ufffd", "ManifestNotFound", []))
        self.expect_no_complaint(log)

    def expect_failed_before_the_manifest(self, drive, status):
        for form in ("drivelog", "drivelog-errors"):
            log = self.log(drive, form, "--drive-id", "9WM35C2V", status=1)
            self.assertEqual(read_log(log), ("9WM35C2V", status, []))
            self.expect_no_complaint(log)

    def test_a_device_that_is_not_there(self):
        self.expect_failed_before_the_manifest("/dev/tallyman-none", "DiskNotFound")

    def test_a_disk_of_zeros(self):
        image = self.path("zeros.img")
        with open(image, "wb") as file:
            file.truncate(16 << 20)
        self.expect_failed_before_the_manifest(image, "BitLockerVolumeNotFound")

    def test_a_volume_without_bitlocker(self):
        mkntfs = need(self, "mkntfs")
        image = self.path("plain.img")
        with open(image, "wb") as file:
            file.truncate(16 << 20)
        subprocess.run([mkntfs, "-q", "-F", "-f", image], check=True, capture_output=True)
        self.expect_failed_before_the_manifest(image, "BitLockerNotActivated")

    # ---- logs that are not whole

    def expect_no_log(self, result):
        self.expect_status(result, 3)
        self.assertIn(b"there is no complete log: ", result.stderr)
        with self.assertRaises(ElementTree.ParseError):
            ElementTree.fromstring(result.stdout)
        self.assertIn(b"This log is not complete and has no end: ", result.stdout)
        self.assertNotEqual(run("lint", "--kind", "drive-log", "-", input=result.stdout).returncode, 0)

    def expect_no_file(self, *arguments):
        report = self.path("report.xml")
        with open(report, "w", encoding="ascii") as file:
            file.write("the old one")
        before = sorted(os.listdir(self.folder))
        self.expect_status(run("check", *arguments, "-f", "drivelog", "-o", report), 3)
        with open(report, encoding="ascii") as file:
            self.assertEqual(file.read(), "the old one")
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_what_could_not_be_checked_has_no_log(self):
        empty = self.path("empty")
        os.mkdir(empty)
        journal = self.path("other.jrn")
        with open(journal, "w", encoding="ascii") as file:
            file.write("[BeginUpdateRecord][2016/11/01 21:20:00.000][Type:NewJournalFile]\nVocabularyVersion: 2013-02-01\n"
                       "[EndUpdateRecord]\n[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]\n"
                       "ActivityId: DriveInfo\nDriveState: [BeginValue]\n<Drive><DriveId>OTHER</DriveId>"
                       "<BitLockerKey>000000-000000-111111-111111-222222-222222-333333-333333</BitLockerKey>"
                       "<ManifestFile>\\DriveManifest.xml</ManifestFile>"
                       f"<ManifestHash>{'0' * 32}</ManifestHash><DriveHeaderHash></DriveHeaderHash></Drive>\n"
                       "[EndValue]\n[EndUpdateRecord]\n"
                       "[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]\n"
                       "ActivityId: DriveInfo\nDriveState: [BeginValue]\n<Drive><DriveId>ANOTHER</DriveId>"
                       "<BitLockerKey>000000-000000-111111-111111-222222-222222-333333-333333</BitLockerKey>"
                       "<ManifestFile>\\DriveManifest.xml</ManifestFile>"
                       f"<ManifestHash>{'0' * 32}</ManifestHash><DriveHeaderHash></DriveHeaderHash></Drive>\n"
                       "[EndValue]\n[EndUpdateRecord]\n")
        for arguments in ([self.path("none")], [empty], [self.good, "--journal", journal]):
            with self.subTest(arguments=arguments):
                for form in ("drivelog", "drivelog-errors"):
                    self.expect_no_log(run("check", *arguments, "--format", form))
                self.expect_no_file(*arguments)

    def test_a_check_that_is_stopped_has_no_log(self):
        """At this rate the last block alone would take a minute. What is noted leads to the same log."""
        big, checkpoint = self.path("big"), self.path("checkpoint")
        drive = Drive(big)
        drive.begin_list()
        for number in range(600):
            drive.add(f"\\small{number}", b"%d" % number)
        drive.add("\\big", bytes(8 << 20), piece=4 << 20)
        drive.seal()
        os.remove(drive.local("\\small7"))
        process = subprocess.Popen(
            [COMMAND, "check", big, "--format", "drivelog", "--max-rate", "64K", "--io", "read", "--jobs", "1",
             "--progress", "json", "--checkpoint", checkpoint],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
        )
        self.addCleanup(process.kill)
        for line in process.stderr:
            if b'"checking"' in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.expect_no_log(subprocess.CompletedProcess([], process.returncode, out, err))
        whole = self.log(big, "drivelog", status=1)
        self.assertEqual(self.log(big, "drivelog", "--checkpoint", checkpoint, status=1), whole)

    def test_several_drives_are_refused(self):
        result = run("check", self.good, self.bad, "-f", "drivelog")
        self.expect_status(result, 2)
        self.assertEqual(result.stdout, b"")
        self.assertIn(b"one DRIVE at a time", result.stderr)

    def test_output_is_the_same_as_standard_output(self):
        report = self.path("report.xml")
        for form in ("drivelog", "drivelog-errors"):
            self.expect_status(run("check", self.bad, "-f", form, "-o", report), 1)
            with open(report, "rb") as file:
                self.assertEqual(file.read(), self.log(self.bad, form))

    def test_secrets_stay_inside(self):
        """An id of 64 bytes can't be told from an account key: the entry stands without it."""
        drive = Drive(self.path("drive"))
        drive.begin_list()
        drive.add("\\a", b"a" * 100, ids="number")
        drive.seal()
        place = drive.local("\\DriveManifest.xml")
        with open(place, encoding="utf-8") as file:
            text = file.read()
        with open(place, "w", encoding="utf-8") as file:
            file.write(text.replace('Id="AAAAAA=="', f'Id="{KEY}"'))
        _, _, blobs = read_log(self.log(drive.folder, "drivelog", status=0))
        self.assertIsNone(blobs[0]["segments"][0][3])


if __name__ == "__main__":
    unittest.main()
