# SPDX-License-Identifier: Apache-2.0
"""audit after an export: the drive, the list that was ordered, the service's log."""

import json
import os
import random
import unittest
from xml.etree import ElementTree

import audit_maker as maker
from audit_maker import Blob, Entry
from fixture import DriveCase, md5, no_duplicates, run

RANDOM = random.Random(20211)


def blob_list(paths=(), prefixes=()):
    items = "".join(f"  <BlobPath>{maker.escape(p)}</BlobPath>\n" for p in paths)
    items += "".join(f"  <BlobPathPrefix>{maker.escape(p)}</BlobPathPrefix>\n" for p in prefixes)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<BlobList>\n{items}</BlobList>\n'


class ExportCase(DriveCase):
    def setUp(self):
        super().setUp()
        self.drive = self.path("drive")
        self.blobs = [
            Blob("pictures/wild/a.jpg", RANDOM.randbytes(9000)),
            Blob("pictures/wild/canyon.jpg", RANDOM.randbytes(5000)),
            Blob("pictures/city/redmond.jpg", RANDOM.randbytes(4096), page=True),
            Blob("$root/logo.bmp", b"logo", file_path="\\$root\\logo.bmp"),
        ]

    def make(self):
        maker.make_drive(self.drive, self.blobs, export=True)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return self.path(name)

    def order(self, paths=(), prefixes=()):
        return self.write("list.xml", blob_list(paths, prefixes))

    def audit(self, *options, status):
        result = run("audit", "--export", "--format", "json", *options, self.drive)
        self.expect_status(result, status)
        return json.loads(result.stdout, object_pairs_hook=no_duplicates)

    def rules(self, report):
        return [(f["rule"], f["blob_path"] or f["actual"]) for f in report["findings"] if f["rule"].startswith("A-")]

    def missing(self, report, *options, status):
        """What --write-missing writes, which lint must accept."""
        target = self.path("again.xml")
        result = run("audit", "--export", "--format", "json", "--write-missing", target, *options, self.drive)
        self.expect_status(result, status)
        self.assertEqual(json.loads(result.stdout), report)
        if not os.path.exists(target):
            return None
        lint = run("lint", "--strict", "--kind", "blob-list", target)
        self.expect_status(lint, 0)
        with open(target, encoding="utf-8") as file:
            return [line.strip() for line in file.read().splitlines()[2:-1]]


class List(ExportCase):
    def test_everything_came(self):
        self.make()
        options = ["--list", self.order(["$root/logo.bmp", "pictures/city/redmond.jpg"], ["/pictures/wild/"])]
        report = self.audit(*options, status=0)
        self.assertEqual(self.rules(report), [])
        audit = report["audit"]
        self.assertEqual((audit["list_paths"], audit["list_prefixes"]), (2, 1))
        self.assertEqual((audit["paths_empty"], audit["prefixes_empty"], audit["to_order_again"]), (0, 0, 0))
        self.assertIsNone(self.missing(report, *options, status=0))

    def test_paths_and_prefixes_that_brought_nothing(self):
        self.make()
        order = ["pictures/wild/A.jpg", "$root/logo.bmp", "videos/&<story>.mp4", "/pictures/city/redmond.jpg"]
        options = ["--list", self.order(order, ["/pictures/", "/pictures/city", "/pictures/nowhere", "/books"])]
        report = self.audit(*options, status=1)
        self.assertEqual(
            self.rules(report),
            [("A-60", "pictures/wild/A.jpg"), ("A-60", "videos/&<story>.mp4"), ("A-61", "/pictures/nowhere"), ("A-61", "/books")],
        )
        self.assertEqual((report["audit"]["paths_empty"], report["audit"]["prefixes_empty"]), (2, 2))
        self.assertEqual(
            self.missing(report, *options, status=1),
            [
                "<BlobPath>pictures/wild/A.jpg</BlobPath>",
                "<BlobPath>videos/&amp;&lt;story&gt;.mp4</BlobPath>",
                "<BlobPathPrefix>/pictures/nowhere</BlobPathPrefix>",
                "<BlobPathPrefix>/books</BlobPathPrefix>",
            ],
        )

    def test_list_in_utf16(self):
        """As PowerShell's redirection saves it; what did not come is told by its name all the same."""
        self.make()
        text = blob_list(["pictures/wild/a.jpg", "videos/\u97f3 & x.mp4"], ["/pictures/city/", "/$root/", "/pictures/wild/c"])
        for encoding, mark in (("utf-16-le", ""), ("utf-16-be", ""), ("utf-16-le", "\ufeff"), ("utf-16-be", "\ufeff")):
            with open(self.path("list.xml"), "w", encoding=encoding, newline="") as file:
                file.write(mark + text.replace("utf-8", "utf-16"))
            options = ["--list", self.path("list.xml")]
            report = self.audit(*options, status=1)
            self.assertEqual(self.rules(report), [("A-60", "videos/\u97f3 & x.mp4")])
            self.assertEqual(
                self.missing(report, *options, status=1), ["<BlobPath>videos/\u97f3 &amp; x.mp4</BlobPath>"]
            )

    def test_entries_that_could_not_be_read(self):
        """What they order is not known, so nothing is right."""
        self.make()
        whole = "<BlobPath>$root/logo.bmp</BlobPath><BlobPathPrefix>/pictures/</BlobPathPrefix>"
        for lost in ("<blobPath>a/c</blobPath>", "<BlobPath/>", "<BlobPath> </BlobPath>", f"<BlobPath>a/{'c' * 70000}</BlobPath>"):
            path = self.write("list.xml", f"<BlobList>{whole}{lost}</BlobList>")
            self.assertEqual(self.rules(self.audit("--list", path, status=1)), [("A-60", None)])
        path = self.write("list.xml", f"<BlobList>{whole}</BlobList><Summary><numBlobs>1</numBlobs></Summary>")
        self.assertEqual(self.rules(self.audit("--list", path, status=0)), [])

    def test_what_nobody_ordered(self):
        self.make()
        report = self.audit("--list", self.order([], ["/pictures/wi", "/pictures/wild/canyon.jpg/"]), status=1)
        self.assertEqual(
            self.rules(report),
            [("A-62", "pictures/city/redmond.jpg"), ("A-62", "$root/logo.bmp"), ("A-61", "/pictures/wild/canyon.jpg/")],
        )
        self.assertEqual(report["audit"]["blobs_unordered"], 2)

    def test_everything_by_one_prefix(self):
        self.make()
        self.assertEqual(self.rules(self.audit("--list", self.order([], ["/"]), status=0)), [])

    def test_prefixes_within_prefixes(self):
        """Against the plain rule, for lists at random."""
        rnd = random.Random(7)
        letters = "ab/"
        for _ in range(15):
            names = {"".join(rnd.choice(letters) for _ in range(rnd.randint(1, 6))).strip("/") for _ in range(12)} - {""}
            self.blobs = [Blob(f"data/{n}", n.encode(), file_path=f"\\data\\{i}") for i, n in enumerate(sorted(names))]
            prefixes = ["/" + ("data/" + "".join(rnd.choice(letters) for _ in range(rnd.randint(0, 5)))) for _ in range(10)]
            self.make()
            report = self.audit("--list", self.order([], prefixes), status=run_status(self.blobs, prefixes))
            empty = [p for p in prefixes if not any(("/" + b.path).startswith(p) for b in self.blobs)]
            unordered = [b.path for b in self.blobs if not any(("/" + b.path).startswith(p) for p in prefixes)]
            self.assertEqual([b for r, b in self.rules(report) if r == "A-61"], empty)
            self.assertEqual([b for r, b in self.rules(report) if r == "A-62"], unordered)

    def test_lists_that_are_none(self):
        self.make()
        report = self.audit("--list", self.write("list.xml", "<BlobList><BlobPath>a"), status=1)
        self.assertIn("A-60", [rule for rule, _ in self.rules(report)])
        report = self.audit("--list", self.write("list.xml", "<BlobList/>"), status=1)
        self.assertIn("A-60", [rule for rule, _ in self.rules(report)])
        report = self.audit("--list", self.path("nothing.xml"), status=3)
        self.assertEqual(report["error"]["code"], "io")


def run_status(blobs, prefixes):
    return 1 if any(not any(("/" + b.path).startswith(p) for b in blobs) for p in prefixes) else 0


class Drive(ExportCase):
    def test_damaged_files_are_ordered_again(self):
        side = b'<?xml version="1.0"?><Properties><Content-Type>x/y</Content-Type></Properties>'
        name = "\\pictures\\wild\\canyon.jpg.properties"
        self.blobs[1].extra = f'<PropertiesPath Hash="{md5(side)}">{name}</PropertiesPath>\n'
        self.blobs[2].written = False
        self.make()
        with open(os.path.join(self.drive, "pictures/wild/canyon.jpg.properties"), "wb") as file:
            file.write(side[:-1] + b" ")
        with open(os.path.join(self.drive, "pictures/wild/a.jpg"), "r+b") as file:
            file.write(bytes([self.blobs[0].content[0] ^ 1]))
        options = ["--list", self.order([], ["/"])]
        report = self.audit(*options, status=1)
        self.assertEqual(report["audit"]["to_order_again"], 3)
        statuses = sorted(f["status"] for f in report["findings"] if f["severity"] == "error")
        self.assertEqual(statuses, ["Corrupted", "Corrupted", "FileNotFound"])
        self.assertEqual(
            self.missing(report, *options, status=1),
            [
                "<BlobPath>pictures/wild/a.jpg</BlobPath>",
                "<BlobPath>pictures/wild/canyon.jpg</BlobPath>",
                "<BlobPath>pictures/city/redmond.jpg</BlobPath>",
            ],
        )

    def test_names_that_ntfs_can_not_hold(self):
        self.blobs = [
            Blob("data/sc*Aifi.bin", b"1", file_path="\\data\\00000001"),
            Blob("data/CON", b"2", file_path="\\data\\00000002"),
            Blob("data/same", b"3"),
            Blob("data/Same", b"4", file_path="\\data\\00000004"),
        ]
        self.make()
        report = self.audit("--list", self.order([], ["/data/"]), status=0)
        self.assertEqual(
            self.rules(report), [("A-63", "data/sc*Aifi.bin"), ("A-63", "data/CON"), ("A-63", "data/Same")]
        )
        found = [f for f in report["findings"] if f["rule"] == "A-63"]
        self.assertEqual([f["file_path"] for f in found], ["\\data\\00000001", "\\data\\00000002", "\\data\\00000004"])
        self.assertIn(":", found[0]["message"])
        self.assertNotIn(":", found[2]["message"])

    def test_snapshots(self):
        self.blobs.append(
            Blob("pictures/wild/a.jpg", b"older", file_path="\\pictures\\wild\\a.1.jpg", snapshot="2011-03-09T01:42:34.9360000Z")
        )
        self.make()
        report = self.audit("--list", self.order([], ["/"]), status=0)
        self.assertEqual(report["audit"]["snapshots"], 1)
        self.assertIn(("A-64", "pictures/wild/a.jpg"), self.rules(report))

    def test_neither_list_nor_log(self):
        self.make()
        self.assertEqual(self.rules(self.audit(status=0)), [])


class WhiteSpace(ExportCase):
    """What a reader of XML makes another of, when it is written as it is."""

    NAMES = ["pictures/a\rb.jpg", "pictures/c\r\nd.jpg", "pictures/e\tf\ng.jpg"]

    def test_names_come_back(self):
        self.blobs = [Blob(name, b"x", file_path=f"\\{n}", written=False) for n, name in enumerate(self.NAMES)]
        self.make()
        manifest = os.path.join(self.drive, "DriveManifest.xml")
        with open(manifest, encoding="utf-8", newline="") as file:
            text = file.read()
        for c in "\r\n\t":
            for name in self.NAMES:
                text = text.replace(name, name.replace(c, f"&#{ord(c)};"))
        with open(manifest, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        again = self.path("again.xml")
        self.expect_status(run("audit", "--export", "--write-missing", again, self.drive), 1)
        self.assertEqual([e.text for e in ElementTree.parse(again).getroot()], self.NAMES)
        # Our own reader has them back too: each is what was ordered, and lint says that the service can have no such blob.
        lint = json.loads(run("lint", again, "--format", "json").stdout)
        self.assertEqual([(f["rule"], f["blob_path"]) for f in lint["documents"][0]["findings"]],
                         [("X-06", name) for name in self.NAMES])
        report = self.audit("--list", again, status=1)
        self.assertEqual((report["audit"]["list_paths"], report["audit"]["paths_empty"]), (3, 0))
        self.assertEqual(report["audit"]["blobs_unordered"], 0)


class Log(ExportCase):
    def test_crc64_of_what_was_exported(self):
        self.make()
        verbose = self.write("v.xml", maker.verbose_2021(self.blobs, export=True))
        report = self.audit("--log", verbose, status=0)
        self.assertEqual(report["audit"]["blobs_proven"], 4)

    def test_snapshots_share_a_path(self):
        older = Blob(
            "pictures/wild/a.jpg", b"older", file_path="\\pictures\\wild\\a.1.jpg", snapshot="2011-03-09T01:42:34.9360000Z"
        )
        self.blobs.append(older)
        self.make()
        verbose = self.write("v.xml", maker.verbose_2021(self.blobs, export=True))
        report = self.audit("--log", verbose, status=0)
        self.assertEqual(report["audit"]["blobs_proven"], 5)

    def test_what_failed_is_ordered_again(self):
        self.make()
        entities = [
            maker.errored("pictures/movie/sc:Aifi/block.blob", "UploadErrorWin32", 267, "File Create failed", cloud="BlockBlob"),
            maker.errored("pictures/wild/a.jpg", "ExportCloudHttp", 404, "gone", cloud="BlockBlob"),
        ]
        options = ["--log", self.write("c.xml", maker.copy_log(entities, 6)), "--list", self.order([], ["/"])]
        report = self.audit(*options, status=1)
        self.assertEqual(self.rules(report), [("A-22", "pictures/wild/a.jpg"), ("A-22", "pictures/movie/sc:Aifi/block.blob")])
        self.assertEqual(report["audit"]["blobs_failed"], 2)
        self.assertEqual(
            self.missing(report, *options, status=1),
            ["<BlobPath>pictures/wild/a.jpg</BlobPath>", "<BlobPath>pictures/movie/sc:Aifi/block.blob</BlobPath>"],
        )

    def test_ordered_by_name_and_failed(self):
        """It is missing once."""
        self.make()
        entities = [maker.errored("pictures/gone.jpg", "ExportCloudHttp", 404, "gone", cloud="BlockBlob")]
        options = [
            "--log", self.write("c.xml", maker.copy_log(entities, 5)), "--list", self.order(["pictures/gone.jpg"], ["/pictures/", "/$root/"]),
        ]
        report = self.audit(*options, status=1)
        self.assertEqual(self.rules(report), [("A-22", "pictures/gone.jpg"), ("A-60", "pictures/gone.jpg")])
        self.assertEqual(self.missing(report, *options, status=1), ["<BlobPath>pictures/gone.jpg</BlobPath>"])

    def test_drive_log(self):
        self.make()
        entries = [Entry(b) for b in self.blobs]
        entries[1] = Entry(self.blobs[1], "BlobUnexpectedChange", bad={1: "Failed"})
        options = ["--log", self.write("l.xml", maker.drive_log(entries, "CompletedWithErrors"))]
        report = self.audit(*options, status=1)
        self.assertEqual(self.rules(report), [("A-22", "pictures/wild/canyon.jpg")])
        self.assertEqual(self.missing(report, *options, status=1), ["<BlobPath>pictures/wild/canyon.jpg</BlobPath>"])


class Snapshots(ExportCase):
    def test_drive_log_tells_them_apart(self):
        times = [f"2011-03-09T01:42:34.936000{n}Z" for n in range(3)]
        for n, time in enumerate(times):
            self.blobs.append(Blob("pictures/wild/a.jpg", b"x" * n, file_path=f"\\s\\{n}", snapshot=time))
        self.make()
        entries = [Entry(b) for b in self.blobs]
        entries[5] = Entry(self.blobs[5], "BlobRequestFailed", bad={0: "Failed"})
        for shuffled in (entries, entries[::-1]):
            report = self.audit("--log", self.write("l.xml", maker.drive_log(shuffled, "CompletedWithErrors")), status=1)
            self.assertEqual([r for r in self.rules(report) if r[0] not in ("A-63", "A-64")], [("A-22", "pictures/wild/a.jpg")])
            found = [f for f in report["findings"] if f["rule"] == "A-22"]
            self.assertEqual(found[0]["file_path"], "\\s\\1")

    def test_manifest_that_is_gone(self):
        self.make()
        os.unlink(os.path.join(self.drive, "DriveManifest.xml"))
        report = self.audit("--list", self.order(["a/b"], ["/"]), status=1)
        self.assertEqual(self.rules(report), [])


class Incomplete(ExportCase):
    def test_what_the_drives_had_no_room_for(self):
        self.make()
        left_out = self.write("rest.xml", blob_list(["pictures/huge.vhd", "pictures/named.vhd"], ["/movies/"]))
        options = ["--incomplete", left_out, "--list", self.order(["pictures/named.vhd"], ["/"])]
        report = self.audit(*options, status=1)
        self.assertEqual(
            self.rules(report),
            [("A-60", "pictures/huge.vhd"), ("A-60", "pictures/named.vhd"), ("A-60", "/movies/"), ("A-60", "pictures/named.vhd")],
        )
        self.assertEqual((report["audit"]["left_out"], report["audit"]["to_order_again"]), (3, 3))
        self.assertEqual(
            self.missing(report, *options, status=1),
            [
                "<BlobPath>pictures/huge.vhd</BlobPath>",
                "<BlobPathPrefix>/movies/</BlobPathPrefix>",
                "<BlobPath>pictures/named.vhd</BlobPath>",
            ],
        )
        broken = self.write("rest.xml", "<BlobList><BlobPath>a/b</BlobPath>")
        self.assertEqual(self.rules(self.audit("--incomplete", broken, status=1)), [("A-60", "a/b"), ("A-60", None)])
        self.assertEqual(self.audit("--incomplete", self.path("none"), status=3)["error"]["code"], "io")


class CommandLine(ExportCase):
    def test_options_that_need_export(self):
        self.make()
        order = self.order([], ["/"])
        for options in (["--list", order], ["--write-missing", self.path("x")]):
            result = run("audit", "--log", order, *options, self.drive)
            self.expect_status(result, 2)
            self.assertIn(b"--export", result.stderr)

    def test_nothing_is_written_over(self):
        self.make()
        order = self.order([], ["/"])
        for target in (order, os.path.join(self.drive, "again.xml")):
            result = run("audit", "--export", "--list", order, "--write-missing", target, self.drive)
            self.expect_status(result, 2)

    def test_an_older_list_stays_when_nothing_is_missing(self):
        self.make()
        target = self.write("again.xml", "older")
        result = run("audit", "--export", "--list", self.order([], ["/"]), "--write-missing", target, self.drive)
        self.expect_status(result, 0)
        with open(target, encoding="utf-8") as file:
            self.assertEqual(file.read(), "older")
        self.assertEqual(sorted(os.listdir(self.folder)), ["again.xml", "bad", "drive", "good", "list.xml"])

    def test_device(self):
        self.make()
        order = self.order(["pictures/none"], ["/"])
        result = run("audit", "--export", "--list", order, "--write-missing", "/dev/full", self.drive)
        self.expect_status(result, 3)

    def test_a_list_that_can_not_be_written(self):
        """The audit ends there, and says why: nobody stopped it."""
        self.make()
        order = self.order([f"pictures/none-{n:05}" for n in range(5000)], ["/"])
        result = run("audit", "--export", "--list", order, "--write-missing", "/dev/full", "--format", "json", self.drive)
        self.expect_status(result, 3)
        report = json.loads(result.stdout)
        self.assertEqual(report["error"]["code"], "io")
        self.assertEqual(report["error"]["message"], "/dev/full could not be written: No space left on device")
        self.assertEqual(result.stderr.decode().count("/dev/full could not be written: No space left on device"), 1)
        self.assertNotIn(b"stopped", result.stderr)

    def test_list_and_report_are_two_files(self):
        self.make()
        order = self.order(["pictures/none"], ["/"])
        os.symlink(self.folder, self.path("link"))
        before = sorted(os.listdir(self.folder))
        for report in ("again.xml", "link/again.xml", "./good/../again.xml"):
            result = run("audit", "--export", "--list", order, "--write-missing", self.path("again.xml"),
                         "--output", self.path(report), self.drive)
            self.expect_status(result, 2)
            self.assertIn(b"would be written over", result.stderr)
            self.assertEqual(sorted(os.listdir(self.folder)), before)
        result = run("audit", "--export", "--list", order, "--write-missing", "again.xml", "--output", "report",
                     self.drive, cwd=self.folder)
        self.expect_status(result, 1)
        self.assertEqual(sorted(os.listdir(self.folder)), sorted([*before, "again.xml", "report"]))


if __name__ == "__main__":
    unittest.main()
