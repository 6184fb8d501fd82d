# SPDX-License-Identifier: Apache-2.0
"""tallyman explain knows every status and state of the compilation of the public documents, and says what to do."""

import os
import re
import unittest

from fixture import run

PAGE = os.path.join(os.environ["TALLY_SHARED_DIR"], "reference", "states.md")
SECTIONS = ("1", "2", "3", "4", "5.1", "5.2", "5.3", "5.4", "5.5")


def plain(cell):
    """Without emphasis and remarks in parentheses."""
    return re.sub(r"\(.*?\)|\*", "", cell).strip()


def read_page():
    """Pairs of a code and its mark in the column "Off" ("" where the page gives none)."""
    section, column, found = None, None, []
    with open(PAGE, encoding="utf-8") as page:
        for line in page:
            heading = re.match(r"#+ ([\d.]+?)\.? ", line)
            if heading:
                section = heading.group(1)
            listed = re.match(r"\*\*(CopyStatus|StageName)\*\* \(.*?\):(.*)", line)
            if listed:
                # The list goes on to a full stop, on further lines.
                text = listed.group(2)
                while "." not in re.sub(r"\(.*?\)", "", text):
                    text += " " + next(page)
                text = re.sub(r"\(.*?\)", "", text).split(".")[0]
                found += [(name.strip(), "") for name in text.split(",")]
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not line.startswith("|") or section not in SECTIONS:
                column = None
            elif column is None:
                column = next((i for i, cell in enumerate(cells) if cell.startswith("Off")), -1)
            elif not set(cells[0]) <= set("-: "):
                name = "Failed" if cells[0].startswith("(row with the name missing") else plain(cells[0])
                found += [(code.strip(), cells[column] if column > 0 else "") for code in re.split("[,/]", name)]
    return found


class States(unittest.TestCase):
    @unittest.skipUnless(os.path.exists(PAGE), f"no {PAGE}")
    def test_every_code_is_explained(self):
        codes = read_page()
        self.assertGreater(len(codes), 130)
        for code, mark in codes:
            with self.subTest(code):
                result = run("explain", code)
                self.assertEqual(result.returncode, 0, result.stderr)
                text = result.stdout.decode()
                for part in ("Meaning", "To do", "Offline"):
                    self.assertRegex(text, rf"(?m)^  {part} +\S")
                if "Y" in mark:
                    self.assertRegex(text, r"(?m)^  Evidence +\S")

    def test_any_number_of_percent(self):
        expected = run("explain", "n % completed").stdout
        self.assertIn(b"Meaning", expected)
        self.assertEqual(run("explain", "40 % completed").stdout, expected)
        self.assertEqual(run("explain", "40", "%", "completed").stdout, expected)
        self.assertEqual(run("explain", "40 % complete").returncode, 2)

    def test_what_is_no_code(self):
        for code in ("Canceledd", "", "n", "4", "%"):
            self.assertEqual(run("explain", code).returncode, 2, code)


if __name__ == "__main__":
    unittest.main()
