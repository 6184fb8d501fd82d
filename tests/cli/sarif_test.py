# SPDX-License-Identifier: Apache-2.0
"""SARIF reports against the rules of the standard that apply to them, and what a host of code does with them."""

import json
import os
import unittest
from urllib.parse import unquote, urlsplit

import audit_maker as maker
from audit_maker import Blob
from fixture import DriveCase, SOURCE_DIR, make_drive, no_duplicates, run, skip_without

try:
    import jsonschema
except ImportError:
    skip_without("python3-jsonschema")

with open(os.path.join(SOURCE_DIR, "tests", "report", "sarif.schema.json"), encoding="utf-8") as schema_file:
    VALIDATOR = jsonschema.Draft202012Validator(json.load(schema_file))


class Sarif(DriveCase):
    def report(self, *arguments, status, **options):
        result = run(*arguments, "--format", "sarif", **options)
        self.expect_status(result, status)
        log = json.loads(result.stdout, object_pairs_hook=no_duplicates)
        errors = [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(log)]
        self.assertEqual(errors, [])
        (found,) = log["runs"]
        rules = found["tool"]["driver"]["rules"]
        identifiers = [rule["id"] for rule in rules]
        self.assertEqual(len(set(identifiers)), len(identifiers))
        for entry in found["results"]:
            self.assertEqual(identifiers[entry["ruleIndex"]], entry["ruleId"])
        (invocation,) = found["invocations"]
        self.assertEqual(invocation["exitCode"], status)
        self.assertIs(invocation["executionSuccessful"], status != 3)
        return found

    def test_schema_refuses(self):
        jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
        log = json.loads(run("check", self.bad, "-f", "sarif").stdout)
        self.assertTrue(VALIDATOR.is_valid(log))
        location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        for uri in ("a b", "http://host/a", "a\\b", "a?b", "\u97f3", "%zz", ""):
            location["uri"] = uri
            self.assertFalse(VALIDATOR.is_valid(log), uri)

    def test_corpus(self):
        """Every rule that a document can violate, as a host would show it: the place is a line of the file."""
        found = self.report("lint", "corpus", status=1, cwd=SOURCE_DIR)
        self.assertGreater(len(found["results"]), 100)
        for entry in found["results"]:
            place = entry["locations"][0]["physicalLocation"]
            path = os.path.join(SOURCE_DIR, unquote(place["artifactLocation"]["uri"]))
            with open(path, "rb") as file:
                content = file.read()
            region = place.get("region")
            if region is not None:
                self.assertLessEqual(region["byteOffset"], len(content), path)
                self.assertLessEqual(region["startLine"], content.count(b"\n") + content.count(b"\r") + 1, path)

    def test_drives(self):
        found = self.report("check", self.good, self.bad, self.path("none"), status=3)
        by_rule = {entry["ruleId"]: entry for entry in found["results"]}
        self.assertEqual(len(by_rule), 3)
        for rule, name in (("V-20", "a.txt"), ("V-10", "folder/b.bin"), ("unchecked", None)):
            uri = urlsplit(by_rule[rule]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
            self.assertEqual((uri.scheme, uri.netloc), ("file", ""))
            expected = os.path.join(self.bad, name) if name else self.path("none")
            self.assertEqual(unquote(uri.path), expected)
        corrupted = by_rule["V-20"]
        self.assertEqual(
            corrupted["locations"][0]["physicalLocation"]["region"], {"byteOffset": 4096, "byteLength": 4096}
        )
        self.assertEqual(corrupted["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "data/a.txt")
        related = corrupted["relatedLocations"][0]["physicalLocation"]
        self.assertEqual(unquote(urlsplit(related["artifactLocation"]["uri"]).path), f"{self.bad}/DriveManifest.xml")

    def test_hostile_names(self):
        """Whatever a file is called, its URI leads back to it."""
        names = [b"a b.xml", b"%41.xml", b"a?b#c.xml", b"\\..\\a.xml", b"javascript:x", b'"<&\x01.xml', b"\xff\xfe.xml"]
        folder = os.fsencode(self.path("documents"))
        os.mkdir(folder)
        for name in names:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(b"<DriveManifest/>")
        found = self.report("lint", "documents", status=1, cwd=self.folder)
        uris = {entry["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for entry in found["results"]}
        paths = {unquote(uri, "utf-8", "surrogateescape") for uri in uris}
        self.assertEqual(paths, {"documents/" + os.fsdecode(name) for name in names})

    def test_paths_that_leave_the_drive(self):
        drive = self.path("hostile")
        os.mkdir(drive)
        make_drive(drive, {"\\a": b"a"})
        manifest = os.path.join(drive, "DriveManifest.xml")
        with open(manifest, encoding="utf-8") as file:
            text = file.read()
        with open(manifest, "w", encoding="utf-8") as file:
            file.write(text.replace("<FilePath>\\a<", "<FilePath>\\..\\..\\etc\\passwd<"))
        found = self.report("check", drive, status=1)
        for entry in found["results"]:
            uri = unquote(entry["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
            self.assertNotIn("..", uri)
            self.assertTrue(uri.startswith("file://" + drive), uri)

    def test_fingerprints_outlive_other_lines(self):
        name = os.path.join(self.folder, "document.xml")

        def fingerprints(lines):
            with open(name, "w", encoding="ascii") as file:
                file.write("<Metadata>" + "\n" * lines + "<A-B>1</A-B></Metadata>")
            found = self.report("lint", name, status=1)
            places = [entry["locations"][0]["physicalLocation"]["region"]["startLine"] for entry in found["results"]]
            return places, [entry["partialFingerprints"] for entry in found["results"]]

        first_places, first = fingerprints(0)
        second_places, second = fingerprints(3)
        self.assertNotEqual(first_places, second_places)
        self.assertEqual(first, second)

    def uris(self, found):
        """The places of all results, as rule and file or folder."""
        places = [(entry["ruleId"], entry[kind][0]) for entry in found["results"]
                  for kind in ("locations", "relatedLocations") if kind in entry]
        return sorted({(rule, unquote(place["physicalLocation"]["artifactLocation"]["uri"])) for rule, place in places})

    def audited(self):
        blobs = [Blob("data/a.txt", b"a" * 5000), Blob("data/{b}.txt", b"b")]
        maker.make_drive(self.path("d1"), blobs, export=True)
        self.write("v.xml", maker.verbose_2021(blobs[1:], export=True))
        self.write("c.xml", maker.copy_log([maker.errored("data/{b}.txt", "ExportCloudHttp", 404, "no", cloud="BlockBlob")], 2))
        self.write("list.xml", "<BlobList><BlobPath>data/a.txt</BlobPath><BlobPath>data/x</BlobPath></BlobList>")
        self.write("rest.xml", "<BlobList><BlobPath>data/y</BlobPath></BlobList>")

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    PAPERS = ["--export", "--log", "c.xml", "--log", "v.xml", "--list", "list.xml", "--incomplete", "rest.xml"]
    # The rules, and the papers that they speak of.
    SPOKEN_OF = [("A-22", "c.xml"), ("A-60", "list.xml"), ("A-60/drive-space", "rest.xml")]

    def test_papers_of_an_audit(self):
        """Papers are where they were given; what is on the drive is below it."""
        self.audited()
        found = self.report("audit", *self.PAPERS, "d1", status=1, cwd=self.folder)
        uris = self.uris(found)
        for expected in (*self.SPOKEN_OF, ("A-22", "d1/data/{b}.txt"), ("A-40", "d1/data/a.txt"), ("A-40", "d1/DriveManifest.xml")):
            self.assertIn(expected, uris)
        self.assertEqual({uri for _, uri in uris if not uri.startswith("d1/")}, {"c.xml", "list.xml", "rest.xml"})
        # The same with paths from the root on.
        papers = [self.path(word) if word.endswith(".xml") else word for word in self.PAPERS]
        absolute = self.uris(self.report("audit", *papers, self.path("d1"), status=1))
        self.assertEqual(absolute, [(rule, f"file://{self.path(uri)}") for rule, uri in uris])

    def test_papers_only(self):
        self.audited()
        os.rename(self.path("d1/DriveManifest.xml"), self.path("DriveManifest.xml"))
        found = self.report("audit", *self.PAPERS, "--manifest", "DriveManifest.xml", status=1, cwd=self.folder)
        uris = self.uris(found)
        for expected in (*self.SPOKEN_OF, ("A-40", "DriveManifest.xml")):
            self.assertIn(expected, uris)
        self.assertLessEqual({uri for _, uri in uris}, {"c.xml", "v.xml", "list.xml", "rest.xml", "DriveManifest.xml"})

    def test_braces_are_no_arguments(self):
        drive = self.path("guid")
        name = "\\{6B29FC40-CA47-1067-B31D-00DD010662DA}\\a.txt"
        os.mkdir(drive)
        make_drive(drive, {name: b"a"})
        os.unlink(os.path.join(drive, *name.split("\\")))
        found = self.report("check", drive, status=1)
        texts = [entry["message"]["text"] for entry in found["results"]]
        self.assertNotIn("{", "".join(texts).replace("{{", "").replace("}}", ""))
        (missing,) = [entry for entry in found["results"] if entry["ruleId"] == "V-10"]
        self.assertIn("{6B29FC40", unquote(missing["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]))

    def test_nothing_wrong(self):
        found = self.report("check", self.good, status=0)
        self.assertEqual(found["results"], [])


if __name__ == "__main__":
    unittest.main()
