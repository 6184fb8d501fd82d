/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/options.h"

static const tally_cli_exit_text subject_exits[] = {
    {TALLY_EXIT_OK, "Nothing is wrong with what was checked; there may be warnings."},
    {TALLY_EXIT_WRONG, "Something is wrong with what was checked."},
    {TALLY_EXIT_USAGE, "The command line is wrong; nothing was done."},
    {TALLY_EXIT_UNCHECKED, "Something could not be checked, there was nothing to check, the run was stopped, or "
			   "the report could not be written. With several arguments this outweighs 1."},
    {TALLY_EXIT_OK, NULL},
};
static const tally_cli_exit_text explain_exits[] = {
    {TALLY_EXIT_OK, "Every code is known."},
    {TALLY_EXIT_USAGE, "A code is unknown, or the command line is wrong."},
    {TALLY_EXIT_UNCHECKED, "The explanation could not be written."},
    {TALLY_EXIT_OK, NULL},
};

static const char *const check_examples[] = {
    "tallyman check --journal job1.jrn /media/drive1",
    "Checks a mounted drive before it is shipped.",
    "tallyman check --journal job1.jrn /dev/sdb",
    "Checks the disk itself, locked as it is.",
    "tallyman check --format json --output report.jsonl /media/*",
    "Checks all mounted drives and writes one line of JSON for each.",
    "tallyman check --format drivelog --output predicted.xml /media/drive1",
    "Writes the copy log that the service would write.",
    NULL,
};
static const char *const audit_examples[] = {
    "tallyman audit --journal job1.jrn --log CopyLog.xml --log VerboseLog.xml /media/drive1",
    "Did the service get what was shipped?",
    "tallyman audit --manifest DriveManifest.xml --log myjob_9WM35C2V_verbose.xml",
    "The same by the papers alone, where the drive isn't at hand.",
    "tallyman audit --export --list ordered.xml --write-missing again.xml /media/drive1",
    "Did everything come that was ordered, and is it whole?",
    NULL,
};
static const char *const lint_examples[] = {
    "tallyman lint DriveManifest.xml job1.jrn",
    "Judges a manifest and a journal by themselves.",
    "tallyman lint --format sarif documents > report.sarif",
    "Judges all documents of a directory and writes what hosts of code show beside the lines.",
    NULL,
};
static const char *const job_examples[] = {
    "tallyman job --job job.json drive1.jrn drive2.jrn /media/drive1 /media/drive2",
    "Holds a job, its journals and its drives together, and checks the drives.",
    "tallyman job drive1.jrn drive2.jrn /dev/sdb drive2.vhdx",
    "The same with a disk as it will be shipped and an image of another; the journals' keys unlock them.",
    "tallyman job --papers-only --emit cli --with-keys --output drives.sh drive1.jrn drive2.jrn",
    "Writes the drives' entries as az import-export takes them, keys included.",
    NULL,
};
static const char *const explain_examples[] = {
    "tallyman explain M-31",
    "Says what the rule asks for.",
    "tallyman explain Corrupted 'Manifest file error'",
    "Says what a status of the log and a state of the portal mean.",
    NULL,
};

static const tally_cli_command commands[] = {
    {
	.name = "check",
	.run = tally_cli_check,
	.metavar = "DRIVE",
	.argument = TALLY_ARGUMENT_DIRECTORY,
	.least = 1,
	.most = SIZE_MAX,
	.summary = "what would the datacenter say about a drive?",
	.description =
	    "Goes through each DRIVE (a block device, an image of one, a mounted directory, or an archive) as the "
	    "service does, from the disk through its BitLocker volume to the last block, and reports what the "
	    "service would say. Nothing is written to the drive. The text report "
	    "begins with the verdict and says what was not checked. The JSON report is one line for each "
	    "drive (JSON Lines); the SARIF and JUnit reports are one document each for all drives.",
	.options = tally_cli_check_options,
	.exits = subject_exits,
	.examples = check_examples,
    },
    {
	.name = "audit",
	.run = tally_cli_audit,
	.metavar = "DRIVE",
	.argument = TALLY_ARGUMENT_DIRECTORY,
	.least = 0,
	.most = 1,
	.summary = "did the service get what was shipped? did everything come that was ordered?",
	.description =
	    "Checks the DRIVE as check does, and holds what comes of it against the service's logs, blob by blob: what "
	    "the service reports and the drive doesn't have, or the other way round; blobs that a verbose log doesn't "
	    "name, or the manifest; new names. Where a log gives the CRC-64 of what was stored, that of each file is "
	    "computed in the same pass: equal means that the service has exactly what was shipped. After an export "
	    "(--export) the drive is also held against the list that was ordered. Without a DRIVE the manifest of "
	    "--manifest and the logs are compared.",
	.options = tally_cli_audit_options,
	.exits = subject_exits,
	.examples = audit_examples,
    },
    {
	.name = "lint",
	.run = tally_cli_lint,
	.metavar = "FILE",
	.argument = TALLY_ARGUMENT_FILE,
	.least = 1,
	.most = SIZE_MAX,
	.summary = "is a document right by its own rules?",
	.description =
	    "Judges each FILE by itself, without a drive. What kind of document it is, is recognised; --kind names "
	    "the kinds. - is standard input. Of a directory every file in it and below it is judged, in the order of "
	    "the names, except names that begin with a dot; links are not followed unless they are arguments. Files "
	    "of directories that are no documents known here are skipped and counted; --verbose names them. A "
	    "directory without any document could not be checked. The JSON, SARIF and JUnit reports are one document "
	    "each for all files.",
	.options = tally_cli_lint_options,
	.exits = subject_exits,
	.examples = lint_examples,
    },
    {
	.name = "job",
	.run = tally_cli_job,
	.metavar = "JOURNAL|DRIVE",
	.argument = TALLY_ARGUMENT_FILE,
	.least = 0,
	.most = 1000,
	.summary = "do the documents and drives of a job hold together?",
	.description =
	    "Compares what journals, DriveInfo files, manifests, the job's description and the drives at hand "
	    "(block devices, images, mounted directories, archives) say of each drive: missing and extra drives, "
	    "drives given twice, keys, manifest paths and hashes that differ, blobs that two drives hold. What each "
	    "argument is, is recognised by its content: what is text is a document, any other file a disk or an "
	    "archive. Locked volumes are unlocked with the keys of all documents. Then the drives are checked as by "
	    "the command check, and the job's end is predicted from theirs; one that can't be opened stops no other. "
	    "The report is one for each drive, in the order of the arguments, and one for the job. Keys are compared "
	    "and tried, and appear in no report.",
	.options = tally_cli_job_options,
	.exits = subject_exits,
	.examples = job_examples,
    },
    {
	.name = "explain",
	.run = tally_cli_explain,
	.metavar = "CODE",
	.argument = TALLY_ARGUMENT_CODE,
	.least = 0,
	.most = SIZE_MAX,
	.summary = "what does a rule, a status or a state mean?",
	.description = "Says what each CODE means, what causes it and what to do. CODE is the id of a rule (M-31), a "
		       "status of the service's logs (Corrupted), or a state of a drive or job as the portal shows it "
		       "(Manifest file error). Capitals don't matter.",
	.options = tally_cli_explain_options,
	.exits = explain_exits,
	.examples = explain_examples,
    },
};

const tally_cli_command *tally_cli_command_at(size_t index)
{
	return index < sizeof commands / sizeof commands[0] ? &commands[index] : NULL;
}

const tally_cli_command *tally_cli_command_find(const char *name)
{
	const tally_cli_command *command;
	for (size_t i = 0; (command = tally_cli_command_at(i)) != NULL; i++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}
