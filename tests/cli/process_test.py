# SPDX-License-Identifier: Apache-2.0
"""The command as a process: exit statuses, streams, signals, terminals."""

import json
import os
import pty
import signal
import subprocess
import unittest

from fixture import COMMAND, DriveCase, ENVIRONMENT, need, run, TOOLS_REQUIRED

METADATA = b"<Metadata><A>1</A></Metadata>\n"


def read_all(descriptor):
    """What a terminal shows until its last writer is gone."""
    pieces = []
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:
            piece = b""
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


class Statuses(DriveCase):
    def test_good_drive(self):
        result = run("check", self.good)
        self.expect_status(result, 0)
        self.assertIn(b"Verdict    Completed: nothing wrong", result.stdout)
        self.assertEqual(result.stderr, b"")

    def test_bad_drive(self):
        result = run("check", self.bad)
        self.expect_status(result, 1)
        self.assertIn(b"ERROR  FileNotFound (blob), rule V-10, 1 time\n", result.stdout)
        self.assertIn(b"ERROR  Corrupted (segment), rule V-20, 1 time\n", result.stdout)
        self.assertIn(b"bytes     4096 to 8191\n", result.stdout)
        self.assertEqual(result.stderr, b"")

    def test_several_drives_give_the_worst(self):
        self.expect_status(run("check", self.good, self.bad), 1)
        self.expect_status(run("check", self.bad, self.good), 1)
        self.expect_status(run("check", self.good, self.path("none"), self.bad), 3)

    def test_usage(self):
        for arguments in ([], ["bogus"], ["check"], ["check", self.good, "--bogus"]):
            result = run(*arguments)
            self.expect_status(result, 2)
            self.assertEqual(result.stdout, b"")
            self.assertIn(b"--help", result.stderr)

    def test_any_number_of_threads_gives_the_same_report(self):
        expected = run("check", self.bad, "--jobs", "1", "--format", "json").stdout
        for jobs in ("2", "7", "64"):
            self.assertEqual(run("check", self.bad, "--jobs", jobs, "--format", "json").stdout, expected)

    def test_any_way_of_reading_gives_the_same_report(self):
        expected = run("check", self.bad, "--format", "json").stdout
        for options in (["--io", "auto"], ["--io", "mmap"], ["--io", "read"], ["--max-rate", "10M"]):
            result = run("check", self.bad, "--format", "json", *options)
            self.expect_status(result, 1)
            self.assertEqual(result.stdout, expected, options)

    def test_progress_for_programs(self):
        result = run("check", self.bad, "--progress", "json")
        self.expect_status(result, 1)
        lines = [json.loads(line) for line in result.stderr.splitlines()]
        keys = "stage bytes_done bytes_total blobs_done blobs_total findings file rate seconds_left"
        for line in lines:
            self.assertEqual(list(line), keys.split())
        stages = [line["stage"] for line in lines]
        self.assertIn("checking", stages)
        self.assertEqual(run("check", self.bad, "--progress", "json", "--quiet").stderr, b"")
        self.assertNotEqual(run("lint", self.bad, "--progress", "json").stderr, b"")

    def test_it_writes_no_core_dump(self):
        command = [COMMAND, "lint", "-"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=ENVIRONMENT) as process:
            # More than a pipe holds: when it is written, the command is at work.
            process.stdin.write(METADATA + b" " * (1 << 20))
            with open(f"/proc/{process.pid}/limits", encoding="ascii") as limits:
                core = next(line for line in limits if line.startswith("Max core file size"))
            process.stdin.close()
        self.assertEqual(core.split()[4:6], ["0", "0"])

    def test_kind_of_the_drive(self):
        """--kind reaches the check: a manifest of an import has what one of an export has not."""
        expected = run("check", self.good, "--format", "json").stdout
        self.expect_status(run("check", self.good, "--kind", "import"), 0)
        self.assertNotEqual(run("check", self.good, "--kind", "export", "--format", "json").stdout, expected)

    def german(self):
        """An environment with a decimal comma, which few machines have."""
        locales = self.path("locales")
        os.mkdir(locales)
        made = subprocess.run(
            [need(self, "localedef"), "-i", "de_DE", "-f", "UTF-8", os.path.join(locales, "de_DE.UTF-8")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )
        environment = {**ENVIRONMENT, "LC_ALL": "de_DE.UTF-8", "LOCPATH": locales}
        if made.returncode != 0 and not TOOLS_REQUIRED:
            self.skipTest(f"there is no German: {made.stdout}")
        comma = subprocess.run(["locale", "decimal_point"], env=environment, stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(comma, b",\n", made.stdout)
        return environment

    def test_locale_changes_nothing(self):
        expected = run("check", self.bad).stdout
        self.assertEqual(run("check", self.bad, env=self.german()).stdout, expected)

    def test_posix_changes_nothing(self):
        expected = run("check", self.bad).stdout
        self.assertEqual(run("check", self.bad, env={**ENVIRONMENT, "POSIXLY_CORRECT": "1"}).stdout, expected)

    def test_options_behind_arguments(self):
        result = run("check", self.good, "--format", "json", env={**ENVIRONMENT, "POSIXLY_CORRECT": "1"})
        self.expect_status(result, 0)
        json.loads(result.stdout)

    def test_standard_input(self):
        result = run("lint", "-", input=METADATA)
        self.expect_status(result, 0)
        self.assertTrue(result.stdout.startswith(b"-: valid (metadata)"), result.stdout)


class Streams(DriveCase):
    def test_reader_that_went_away(self):
        for arguments in (["explain", "--list"], ["check", self.bad], ["check", "--format", "json", self.good]):
            reader, writer = os.pipe()
            os.close(reader)
            result = run(*arguments, stdout=writer)
            os.close(writer)
            self.expect_status(result, 3)
            self.assertIn(b"standard output could not be written: Broken pipe", result.stderr)

    def test_full_disk(self):
        for arguments in (["--help"], ["--version"], ["explain", "M-31"], ["lint", __file__], ["check", self.good],
                          ["check", self.bad, "-f", "sarif"], ["check", self.bad, "-f", "junit"], ["check", self.bad, "-f", "drivelog"]):
            with open("/dev/full", "wb") as full:
                result = run(*arguments, stdout=full)
            self.expect_status(result, 3)
            self.assertIn(b"standard output could not be written: No space left on device", result.stderr)

    def test_closed_streams(self):
        """A file of the drive must not be taken for the standard output that the caller closed."""
        script = 'exec "$0" "$@" >&-'
        result = subprocess.run(["sh", "-c", script, COMMAND, "check", self.good], capture_output=True, check=False)
        self.expect_status(result, 3)
        self.assertIn(b"standard output could not be written", result.stderr)
        script = 'exec "$0" "$@" <&- 2>&-'
        result = subprocess.run(["sh", "-c", script, COMMAND, "check", self.bad], capture_output=True, check=False)
        self.expect_status(result, 1)
        self.assertIn(b"Corrupted", result.stdout)


class Terminal(DriveCase):
    def check_on_terminal(self, *options, **environment):
        master, slave = pty.openpty()
        with subprocess.Popen(
            [COMMAND, "check", self.bad, *options], stdout=slave, stderr=slave, env={**ENVIRONMENT, **environment}
        ) as process:
            os.close(slave)
            shown = read_all(master)
        os.close(master)
        self.assertEqual(process.returncode, 1)
        self.assertIn(b"CompletedWithErrors", shown)
        return shown

    def test_colour(self):
        self.assertIn(b"\x1b[1;31m", self.check_on_terminal())
        self.assertIn(b"\x1b[1;31m", self.check_on_terminal(NO_COLOR=""))

    def test_no_colour(self):
        self.assertNotIn(b"\x1b", self.check_on_terminal(NO_COLOR="1"))
        self.assertNotIn(b"\x1b", self.check_on_terminal(TERM="dumb"))
        self.assertNotIn(b"\x1b", self.check_on_terminal("--no-color"))
        self.assertNotIn(b"\x1b", run("check", self.bad).stdout)


class Signals(unittest.TestCase):
    """The command reads a document that comes slowly; a signal comes before the document does."""

    def start(self):
        process = subprocess.Popen(
            [COMMAND, "lint", "-", "--format", "json"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
        )
        self.addCleanup(process.kill)
        # The last one whose handler is set.
        while not self.catches(process.pid, signal.SIGUSR1):
            self.assertIsNone(process.poll())
        return process

    @staticmethod
    def signals(pid, name):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith(name))
        return int(line.split()[1], 16)

    def catches(self, pid, number):
        return self.signals(pid, "SigCgt:") >> (number - 1) & 1

    def wait_until_delivered(self, pid, number):
        """A handler that is used once only is gone when the signal has come."""
        while self.catches(pid, number):
            pass

    def test_first_signal_ends_in_order(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start()
            process.send_signal(number)
            self.wait_until_delivered(process.pid, number)
            out, err = process.communicate(METADATA, timeout=60)
            self.assertEqual(process.returncode, 3, err)
            self.assertIn(b"stopped before the end", err)
            self.assertEqual(json.loads(out)["documents"][0]["error"]["code"], "stopped")

    def test_second_signal_ends_at_once(self):
        process = self.start()
        process.send_signal(signal.SIGINT)
        self.wait_until_delivered(process.pid, signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGINT)

    def test_progress_is_shown_when_asked_for(self):
        process = self.start()
        process.send_signal(signal.SIGUSR1)
        # Out of the pending ones: its handler runs before the thread does anything else.
        while self.signals(process.pid, "ShdPnd:") >> (signal.SIGUSR1 - 1) & 1:
            pass
        _, err = process.communicate(METADATA, timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertTrue(err.startswith(b"tallyman: reading"), err)
        self.assertEqual(err.count(b"\n"), 1)

    def test_ignored_signal_stays_ignored(self):
        process = subprocess.Popen(
            ["sh", "-c", 'trap "" INT; exec "$0" lint -', COMMAND],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
        )
        self.addCleanup(process.kill)
        while not self.catches(process.pid, signal.SIGTERM):
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        process.communicate(METADATA, timeout=60)
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
