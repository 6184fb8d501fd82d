# SPDX-License-Identifier: Apache-2.0
"""A locked disk and nobody's journal: the key comes from a file, or from whoever sits at the terminal."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import termios
import unittest

import audit_maker as maker
from audit_maker import Blob
from fixture import COMMAND, ENVIRONMENT, DriveCase, run
from job_fixture import key_of, make_image

QUESTION = b"BitLocker key of "
COMMANDS = {"check": ["check", "--kind", "export"], "audit": ["audit", "--export"]}


def at_terminal(answer, *arguments):
    """Runs the command at a terminal of its own: what was seen there, and its exit status."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(COMMAND, [COMMAND, *arguments], ENVIRONMENT)
    seen, answered = b"", False
    while True:
        try:
            got = os.read(terminal, 4096)
        except OSError:  # all have closed it
            got = b""
        if not got:
            break
        seen += got
        if not answered and QUESTION in seen and seen.endswith(b": "):
            os.write(terminal, answer)
            answered = True
    os.close(terminal)
    return seen, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def echoes(terminal):
    return termios.tcgetattr(terminal)[3] & termios.ECHO != 0


class Locked(DriveCase):
    """A drive that came back from an export: its key is in the portal, and there is no journal."""

    def setUp(self):
        super().setUp()
        maker.make_drive(self.path("drive"), [Blob("pictures/a.jpg", b"a picture")], export=True)
        self.disk, self.key = make_image(self.path("drive"), self.path("disk.img"))
        self.report = self.path("report.json")

    def write_key(self, content):
        with open(self.path("key"), "w", encoding="ascii", newline="") as file:
            file.write(content)
        return self.path("key")

    def key_file(self, key):
        return self.write_key(key + "\r\n")

    def expect_drive(self, status):
        with open(self.report, encoding="utf-8") as file:
            drive = json.load(file)
        self.assertEqual(drive["verdict"]["drive_status"], status)
        self.assertNotIn(self.key, json.dumps(drive))
        return drive

    def arguments(self, command):
        return [*COMMANDS[command], "--format", "json", "--output", self.report, self.disk]

    def test_a_key_from_a_file(self):
        for command in COMMANDS:
            with self.subTest(command):
                self.expect_status(run(*self.arguments(command), "--key-file", self.key_file(self.key)), 0)
                drive = self.expect_drive("Completed")
                self.assertEqual(drive["coverage"]["blobs"], {"listed": 1, "checked": 1})
                self.expect_status(run(*self.arguments(command), "--key-file", self.key_file(key_of(3))), 1)
                self.expect_drive("BitLockerKeyInvalid")

    def test_no_key(self):
        for command in COMMANDS:
            with self.subTest(command):
                result = run(*self.arguments(command), start_new_session=True)
                self.expect_status(result, 3)
                self.assertIn(b"no key was given: name the journal (--journal), or a file with the key (--key-file)", result.stderr)

    def test_an_empty_key_says_nothing_of_the_drive(self):
        """As when the command fails that should have written it."""
        for command in COMMANDS:
            for content in ("", "\r\n \t\n"):
                with self.subTest(command, content=content):
                    self.write_key(content)
                    result = run(*self.arguments(command), "--key-file", self.path("key"))
                    self.expect_status(result, 3)
                    self.assertIn(f"the key file {self.path('key')} is empty".encode(), result.stderr)
                    self.expect_drive(None)
                    result = run(*self.arguments(command), "--key-file", "-", input=content.encode())
                    self.expect_status(result, 3)
                    self.assertIn(b"no BitLocker key came from standard input", result.stderr)
                    self.expect_drive(None)

    def test_standard_input_has_one_key(self):
        result = run("check", "--key-file", "-", self.disk, self.disk, input=self.key.encode())
        self.expect_status(result, 2)
        self.assertIn(b"check them one at a time", result.stderr)
        self.expect_status(run(*self.arguments("check"), "--key-file", "-", input=self.key.encode()), 0)
        self.expect_drive("Completed")

    def test_a_key_that_is_typed(self):
        for command in COMMANDS:
            with self.subTest(command):
                seen, status = at_terminal(self.key.encode() + b"\n", *self.arguments(command))
                self.assertEqual(status, 0, seen)
                self.assertNotIn(self.key.encode(), seen)
                self.expect_drive("Completed")
                seen, status = at_terminal(key_of(3).encode() + b"\n", *self.arguments(command))
                self.assertEqual(status, 1, seen)
                self.expect_drive("BitLockerKeyInvalid")

    def test_stopped_before_the_first_key(self):
        """However early a signal comes, and a second one, no key is waited for, and the terminal echoes again."""
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, terminal)
        # What it writes there waits, and with it the command: behind its switching the echo off, before its looking for keys.
        termios.tcflow(terminal, termios.TCOOFF)
        process = subprocess.Popen(
            [COMMAND, *self.arguments("check"), "--quiet"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(terminal, termios.TIOCSCTTY, 0), env=ENVIRONMENT,
        )
        self.addCleanup(process.kill)
        while echoes(terminal):
            self.assertIsNone(process.poll())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
            process.send_signal(number)
        termios.tcflow(terminal, termios.TCOON)
        _, error = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 3, error)
        self.assertTrue(echoes(terminal))

    def test_nothing_that_is_typed(self):
        for command in COMMANDS:
            with self.subTest(command):
                seen, status = at_terminal(b"\n", *self.arguments(command))
                self.assertEqual(status, 3, seen)
                self.assertIn(b"no key was given: name the journal", seen)
                self.expect_drive(None)

    def test_the_key_file_is_not_written_over(self):
        key = self.key_file(self.key)
        for command in COMMANDS:
            with self.subTest(command):
                result = run(*COMMANDS[command], "--key-file", key, "--output", key, self.disk)
                self.expect_status(result, 2)
                with open(key, encoding="ascii") as file:
                    self.assertEqual(file.read().strip(), self.key)


if __name__ == "__main__":
    unittest.main()
