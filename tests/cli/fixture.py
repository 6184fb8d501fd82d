# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command as a process share: where it is, how to run it, and drives to run it on.

The drives' hashes come from Python, not from what is tested.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from xml.sax.saxutils import escape

COMMAND = os.environ["TALLY_COMMAND"]
SOURCE_DIR = os.environ["TALLY_SOURCE_DIR"]
SKIPPED = 77
NOBODY = 65534
TOOLS_REQUIRED = os.environ.get("TALLY_TOOLS_REQUIRED") == "1"
# A terminal's settings of whoever runs the tests must not decide them.
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm"}


def run(*arguments, **options):
    """Runs the command; standard output and error are captured unless told otherwise."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("env", ENVIRONMENT)
    return subprocess.run([COMMAND, *arguments], timeout=120, check=False, **options)


def as_nobody(test):
    """Options of run() for what root is never denied; the program is opened by who we are."""
    if os.geteuid() != 0:
        return {}
    program = os.open(COMMAND, os.O_RDONLY)
    test.addCleanup(os.close, program)
    return {
        "executable": f"/proc/self/fd/{program}", "pass_fds": [program],
        "user": NOBODY, "group": NOBODY, "extra_groups": [],
    }


def md5(content):
    return hashlib.md5(content).hexdigest().upper()


def make_drive(folder, files, drive_id="9WM35C2V", block=4096):
    """A drive with a manifest. `files` maps Windows paths such as \\a\\b.txt to their content."""
    blobs = []
    for path, content in files.items():
        name = path.lstrip("\\").replace("\\", "/")
        local = os.path.join(folder, name)
        os.makedirs(os.path.dirname(local), exist_ok=True)
        with open(local, "wb") as file:
            file.write(content)
        pieces = ((at, content[at:at + block]) for at in range(0, len(content), block))
        blocks = "".join(
            f'<Block Offset="{at}" Length="{len(piece)}" Hash="{md5(piece)}"/>\n' for at, piece in pieces
        )
        blobs.append(
            f"<Blob><BlobPath>{escape('data/' + name)}</BlobPath><FilePath>{escape(path)}</FilePath>"
            f"<Length>{len(content)}</Length><BlockList>\n{blocks}</BlockList></Blob>\n"
        )
    key = "A" * 86 + "=="
    with open(os.path.join(folder, "DriveManifest.xml"), "w", encoding="utf-8") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<DriveManifest Version="2014-11-01">\n<Drive>\n'
            f"<DriveId>{escape(drive_id)}</DriveId>\n<StorageAccountKey>{key}</StorageAccountKey>\n"
            f"<BlobList>\n{''.join(blobs)}</BlobList>\n</Drive>\n</DriveManifest>\n"
        )


class DriveCase(unittest.TestCase):
    """A test with a good drive, a bad one and room for more."""

    FILES = {"\\a.txt": b"a" * 10000, "\\folder\\b.bin": bytes(range(256)) * 64, "\\folder\\\u97f3.txt": b"x"}

    def setUp(self):
        # The set-up of each test takes milliseconds; nothing is shared that one could leave behind for another.
        self.folder_holder = tempfile.TemporaryDirectory(prefix="tallyman-")
        self.addCleanup(self.folder_holder.cleanup)
        self.folder = self.folder_holder.name
        self.good = self.path("good")
        self.bad = self.path("bad")
        for drive in (self.good, self.bad):
            os.mkdir(drive)
            make_drive(drive, self.FILES)
        with open(os.path.join(self.bad, "a.txt"), "r+b") as file:
            file.seek(5000)
            file.write(b"?")
        os.unlink(os.path.join(self.bad, "folder", "b.bin"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def expect_status(self, result, status):
        self.assertEqual(result.returncode, status, (result.stdout, result.stderr))


def no_duplicates(pairs):
    """For json.loads: the object, unless a key occurs twice."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError(f"a key occurs twice: {pairs}")
    return value


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


def skip_without(name):
    """For a script that can do nothing without it. Where all tools were just installed, that is a failure."""
    if TOOLS_REQUIRED:
        sys.exit(f"{name} is missing")
    skip(f"{name} is missing")


def find_tool(program):
    """Where a program of others is; None without it, or a failure as above."""
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if path is None and TOOLS_REQUIRED:
        raise FileNotFoundError(f"{program} is missing")
    return path


def need(test, program):
    """The same for a test, which is skipped without it."""
    path = find_tool(program)
    if path is None:
        test.skipTest(f"{program} is missing")
    return path
