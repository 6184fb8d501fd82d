# SPDX-License-Identifier: Apache-2.0
"""tallyman lint with many arguments and with directories: what is judged, and in which order."""

import json
import os
import subprocess
import unittest

from fixture import as_nobody, DriveCase, SOURCE_DIR, run

GOOD = b"<Metadata><A>1</A></Metadata>\n"
BAD = b"<Metadata><A-B>1</A-B></Metadata>\n"
OTHER = b"#!/bin/sh\n"
FORMS = ("text", "json", "sarif", "junit")
JOBS = ("1", "2", "7")


class LintCase(DriveCase):
    def setUp(self):
        super().setUp()
        self.documents = self.path("documents")
        os.mkdir(self.documents)

    def write(self, name, content=GOOD):
        path = os.path.join(self.documents, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def lint(self, *arguments, status, **options):
        """The paths of the report, in its order, and the report itself."""
        options.setdefault("cwd", self.documents)
        result = run("lint", "--format", "json", *arguments, **options)
        self.expect_status(result, status)
        report = json.loads(result.stdout)
        return [document["path"] for document in report["documents"]], report, result.stderr


class Directories(LintCase):
    def test_order(self):
        for name in ("b/1.xml", "B.xml", "a.xml", "b/10.xml", "b/2.xml", "b.xml", "\u00e4.xml", "z/z/z.xml"):
            self.write(name)
        paths, _, _ = self.lint(".", status=0)
        self.assertEqual(
            paths,
            ["./B.xml", "./a.xml", "./b/1.xml", "./b/10.xml", "./b/2.xml", "./b.xml", "./z/z/z.xml", "./\u00e4.xml"],
        )
        paths, _, _ = self.lint("z/", "b/2.xml", "b", "b/2.xml", status=0)
        self.assertEqual(paths, ["z/z/z.xml", "b/2.xml", "b/1.xml", "b/10.xml", "b/2.xml", "b/2.xml"])

    def test_hidden_names_are_left_out(self):
        self.write("a.xml")
        self.write(".b.xml", BAD)
        self.write(".git/c.xml", BAD)
        self.assertEqual(self.lint(".", status=0)[0], ["./a.xml"])
        self.assertEqual(self.lint(".b.xml", ".git", status=1)[0], [".b.xml", ".git/c.xml"])

    def test_links_are_followed_as_arguments_only(self):
        self.write("real/a.xml")
        self.write("elsewhere.xml", BAD)
        os.symlink("../elsewhere.xml", os.path.join(self.documents, "real", "link.xml"))
        os.symlink("..", os.path.join(self.documents, "real", "loop"))
        os.symlink("real", os.path.join(self.documents, "alias"))
        self.assertEqual(self.lint("real", status=0)[0], ["real/a.xml"])
        self.assertEqual(self.lint("alias", "real/link.xml", status=1)[0], ["alias/a.xml", "real/link.xml"])

    def test_files_of_no_known_kind(self):
        self.write("a.xml")
        self.write("script", OTHER)
        self.write("sub/picture", b"\x89PNG\r\n\x1a\n")
        self.write("empty", b"")
        paths, report, err = self.lint(".", status=0)
        self.assertEqual((paths, report["files_skipped"], err), (["./a.xml"], 3, b""))
        _, _, err = self.lint(".", "--verbose", status=0)
        self.assertEqual(
            err.splitlines(),
            [
                b"tallyman: skipped, no document that is known here: ./" + name
                for name in (b"empty", b"script", b"sub/picture")
            ],
        )
        result = run("lint", ".", cwd=self.documents)
        ending = b"1 document: 1 valid, 0 not valid, 0 not checked\n3 other files skipped\n"
        self.assertTrue(result.stdout.endswith(ending), result.stdout)
        # Who names a file says that it is a document; so does --kind.
        paths, report, _ = self.lint("script", status=1)
        self.assertEqual(report["documents"][0]["findings"][0]["rule"], "XML-05")
        self.assertEqual(len(self.lint(".", "--kind", "metadata", status=1)[0]), 4)
        self.write("doctype", b'<?xml version="1.0"?>\n<!DOCTYPE DriveManifest>\n<DriveManifest/>\n')
        [finding] = self.lint("doctype", status=1)[1]["documents"][0]["findings"]
        self.assertEqual((finding["rule"], finding["line"], finding["document_offset"]), ("XML-02", 2, 22))

    def test_nothing_to_check_is_no_success(self):
        for name in ("empty", "others", "hidden"):
            os.mkdir(os.path.join(self.documents, name))
        self.write("others/script", OTHER)
        self.write("hidden/.a.xml")
        self.write("good/a.xml")
        for name in ("empty", "others", "hidden"):
            paths, report, err = self.lint("good", name, "good", status=3)
            self.assertEqual(paths, ["good/a.xml", name, "good/a.xml"])
            self.assertIsNone(report["documents"][1]["valid"])
            self.assertIn(name.encode() + b": no document that is known here is in this directory", err)

    def test_what_is_no_file_is_passed_over(self):
        self.write("a.xml")
        os.mkfifo(os.path.join(self.documents, "pipe"))
        paths, report, _ = self.lint(".", status=0)
        self.assertEqual((paths, report["files_skipped"]), (["./a.xml"], 0))

    def test_what_may_not_be_read(self):
        self.write("a.xml")
        closed = os.path.dirname(self.write("closed/b.xml"))
        os.chmod(closed, 0)
        self.addCleanup(os.chmod, closed, 0o755)
        os.chmod(self.write("secret.xml"), 0)
        os.chmod(self.folder, 0o755)
        paths, report, err = self.lint(".", status=3, **as_nobody(self))
        self.assertEqual(paths, ["./a.xml", "./closed", "./secret.xml"])
        self.assertEqual([document["valid"] for document in report["documents"]], [True, None, None])
        self.assertIn(b"Permission denied", err)

    def test_deep_folders(self):
        """Deeper than a path can name: said so, and the rest is judged nevertheless."""
        self.write("z.xml")
        descriptor = os.open(self.documents, os.O_RDONLY)
        for _ in range(40):
            os.mkdir("d" * 200, dir_fd=descriptor)
            deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = deeper
        os.close(descriptor)
        self.addCleanup(subprocess.run, ["rm", "-rf", self.documents], check=True)
        paths, report, err = self.lint(".", status=3)
        self.assertEqual(len(paths), 2)
        self.assertEqual(paths[1], "./z.xml")
        self.assertIn(b"File name too long", err)
        self.assertEqual(report["documents"][0]["error"]["code"], "io")

    def test_report_is_not_written_among_the_documents(self):
        self.write("a.xml")
        self.expect_status(run("lint", ".", "-o", "report", cwd=self.documents), 2)
        self.assertEqual(os.listdir(self.documents), ["a.xml"])


class Jobs(LintCase):
    def test_any_number_gives_the_same_report(self):
        for form in FORMS:
            results = [run("lint", "corpus", "-f", form, "-v", "-j", jobs, cwd=SOURCE_DIR) for jobs in JOBS]
            self.assertGreater(len(results[0].stdout), 10000)
            for result in results:
                self.expect_status(result, 1)
                self.assertEqual(result.stdout, results[0].stdout)
                self.assertEqual(result.stderr, results[0].stderr)

    def test_many_arguments(self):
        names = [f"{number:03}.xml" for number in range(300)]
        for number, name in enumerate(names):
            self.write(name, BAD if number % 7 == 0 else GOOD)
        names.insert(150, "none.xml")
        for jobs in JOBS:
            paths, report, err = self.lint(*names, "-j", jobs, status=3)
            self.assertEqual(paths, names)
            valid = [document["valid"] for document in report["documents"]]
            self.assertEqual((valid.count(True), valid.count(False), valid.count(None)), (257, 43, 1))
            self.assertEqual(err.count(b"\n"), 1)

    def test_full_disk_ends_the_run(self):
        for number in range(50):
            self.write(f"{number}.xml", BAD)
        for form in FORMS:
            for jobs in JOBS:
                with open("/dev/full", "wb") as full:
                    result = run("lint", self.documents, "-f", form, "-j", jobs, stdout=full)
                self.expect_status(result, 3)
                self.assertIn(b"standard output could not be written: No space left on device", result.stderr)

    def test_numbers_that_are_none(self):
        for jobs in ("0", "257", "x"):
            self.expect_status(run("lint", self.documents, "--jobs", jobs), 2)


if __name__ == "__main__":
    unittest.main()
