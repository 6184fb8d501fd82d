# SPDX-License-Identifier: Apache-2.0
"""A check that is killed, again and again, goes on from its checkpoint: nothing is lost, nothing is done twice."""

import fcntl
import os
import random
import signal
import struct
import subprocess
import unittest

from fixture import COMMAND, DriveCase, ENVIRONMENT, make_drive, run

HEAD = 128
SIZES = {1: 36, 2: 20, 3: 52}
KILLS = 50
TRIES = 20


def segments_noted(path):
    """The segments in a checkpoint, as (batch, index), and how many of its bytes are whole records."""
    with open(path, "rb") as file:
        content = file.read()
    found, at = [], HEAD
    while at + 12 <= len(content):
        _, kind, index, batch = struct.unpack_from("<IHHI", content, at)
        if at + SIZES[kind] > len(content):
            break
        if kind != 1:
            found.append((batch, index))
        at += SIZES[kind]
    return found


class Killed(DriveCase):
    MANY = {f"\\data\\file-{i}.bin": bytes([i % 251]) * (i * 37 % 9000) for i in range(1500)}

    def setUp(self):
        super().setUp()
        self.drive = self.path("drive")
        os.mkdir(self.drive)
        make_drive(self.drive, self.MANY, block=1024)
        for number in range(7, 1500, 111):
            with open(os.path.join(self.drive, "data", f"file-{number}.bin"), "r+b") as file:
                file.write(b"?")
        os.unlink(os.path.join(self.drive, "data", "file-700.bin"))
        self.checkpoint = self.path("checkpoint")
        self.report = self.path("report.json")

    def arguments(self, *more):
        return ["check", self.drive, "--format", "json", "--verbose", *more]

    def kill_at(self, size):
        """Runs the check until its checkpoint has grown so far; returns whether it was killed before its end.

        Who is asleep then can miss that, and the check begins anew.
        """
        with subprocess.Popen(
            [COMMAND, *self.arguments("--checkpoint", self.checkpoint, "--jobs", "2", "--max-rate", "3M")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT,
        ) as process:
            while process.poll() is None:
                try:
                    if os.path.getsize(self.checkpoint) >= size:
                        process.kill()
                        break
                except FileNotFoundError:
                    pass
            return process.wait() == -9

    def test_killed_at_random_points(self):
        whole = run(*self.arguments())
        self.expect_status(whole, 1)
        # All of it: for the size that the kills are spread over, with room for one that comes late.
        self.expect_status(run(*self.arguments("--checkpoint", self.path("full"), "--output", "/dev/full")), 3)
        full = os.path.getsize(self.path("full"))
        expected = segments_noted(self.path("full"))
        chance = random.Random(20)
        for point in sorted(chance.randrange(1, full * 3 // 4) for _ in range(KILLS)):
            self.assertTrue(any(self.kill_at(point) for _ in range(TRIES)), point)
        noted = segments_noted(self.checkpoint)
        self.assertEqual(len(noted), len(set(noted)), "a segment was read twice")
        self.assertGreater(len(noted), len(expected) // 4)
        last = run(*self.arguments("--checkpoint", self.checkpoint))
        self.assertEqual(last.stdout, whole.stdout)
        self.assertEqual(last.returncode, whole.returncode)
        self.assertFalse(os.path.exists(self.checkpoint), "it is done with")

    def test_a_report_that_can_not_be_written_keeps_the_checkpoint(self):
        result = run(*self.arguments("--checkpoint", self.checkpoint, "--output", "/dev/full"))
        self.expect_status(result, 3)
        self.assertIn(b"what is done is noted in " + self.checkpoint.encode(), result.stderr)
        self.assertTrue(os.path.exists(self.checkpoint))
        result = run(*self.arguments("--checkpoint", self.checkpoint))
        self.assertEqual(result.stdout, run(*self.arguments()).stdout)
        self.assertFalse(os.path.exists(self.checkpoint))

    def test_what_could_not_be_read_keeps_the_checkpoint(self):
        whole = run(*self.arguments())
        # Whoever opens a file under a lease is refused, which for the check is an I/O error.
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        with open(os.path.join(self.drive, "data", "file-500.bin"), "r+b") as file:
            try:
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            except OSError as error:
                self.skipTest(f"no leases here: {error}")
            result = run(*self.arguments("--checkpoint", self.checkpoint))
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        self.expect_status(result, 1)
        self.assertIn(b'"IOFailed"', result.stdout)
        self.assertIn(b"the same command tries again what could not be read", result.stderr)
        self.assertTrue(os.path.exists(self.checkpoint))
        result = run(*self.arguments("--checkpoint", self.checkpoint))
        self.assertEqual(result.stdout, whole.stdout)
        self.assertFalse(os.path.exists(self.checkpoint), "it is done with")

    def test_a_checkpoint_belongs_to_one_drive(self):
        result = run("check", self.good, self.bad, "--checkpoint", self.checkpoint)
        self.expect_status(result, 2)
        self.assertIn(b"a checkpoint belongs to one drive", result.stderr)
        self.assertFalse(os.path.exists(self.checkpoint))
        self.expect_status(run(*self.arguments("--checkpoint", self.checkpoint, "--output", "/dev/full")), 3)
        result = run("check", self.good, "--checkpoint", self.checkpoint)
        self.expect_status(result, 3)
        self.assertIn(b"belongs to another manifest", result.stderr)
        self.assertTrue(os.path.exists(self.checkpoint))

    def test_a_file_that_is_no_checkpoint_stays(self):
        notes = self.path("notes.txt")
        with open(notes, "wb") as file:
            file.write(b"mine\n")
        for drive in (self.good, self.folder):
            self.expect_status(run("check", drive, "--checkpoint", notes), 3 if drive == self.good else 1)
            with open(notes, "rb") as file:
                self.assertEqual(file.read(), b"mine\n")


class Ended(DriveCase):
    """A check that has come to its end is not gone on with, whatever it found."""

    def setUp(self):
        super().setUp()
        self.checkpoint = self.path("checkpoint")
        # What ntfs-3g shows of a file that Windows has compressed in its own way: nobody knows what is in it.
        unknown = os.path.join(self.good, "a.txt")
        os.unlink(unknown)
        os.symlink("unsupported reparse tag 0x80000017", unknown)

    def test_what_is_not_known_stays_so(self):
        for form in ("text", "json"):
            result = run("check", self.good, "--checkpoint", self.checkpoint, "--format", form, "-o", self.path("report"))
            self.expect_status(result, 3)
            self.assertEqual(result.stderr, b"")
            self.assertFalse(os.path.exists(self.checkpoint))

    def test_what_was_found_is_kept_until_it_is_reported(self):
        self.expect_status(run("check", self.good, "--checkpoint", self.checkpoint, "-o", "/dev/full"), 3)
        self.assertTrue(os.path.exists(self.checkpoint))
        # No whole log can be written of such a drive; the next command may ask for another report.
        result = run("check", self.good, "--checkpoint", self.checkpoint, "--format", "drivelog", "-o", self.path("log"))
        self.expect_status(result, 3)
        self.assertFalse(os.path.exists(self.path("log")))
        self.assertTrue(os.path.exists(self.checkpoint))
        self.expect_status(run("check", self.good, "--checkpoint", self.checkpoint), 3)
        self.assertFalse(os.path.exists(self.checkpoint))


if __name__ == "__main__":
    unittest.main()
