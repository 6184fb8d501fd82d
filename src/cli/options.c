/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"
#include "format/format.h"
#include "report/report.h"

static const char *check_format_choice(size_t index)
{
	const tally_report_format *format = tally_report_format_at(index);
	return format != NULL ? format->name : NULL;
}

static const char *format_choice(size_t index)
{
	const tally_report_format *format = tally_report_format_at(index);
	return format != NULL && format->lint_document != NULL ? format->name : NULL;
}

static const char *progress_choice(size_t index)
{
	static const char *const forms[] = {"text", "json"};
	return index < sizeof forms / sizeof forms[0] ? forms[index] : NULL;
}

static const char *manifest_kind_choice(size_t index)
{
	static const char *const kinds[] = {"import", "export"};
	return index < sizeof kinds / sizeof kinds[0] ? kinds[index] : NULL;
}

/* The short names of manifests are taken here too: the catalogue's advice uses them for both commands. */
static const char *document_kind_choice(size_t index)
{
	const tally_format *known = tally_format_at(index);
	if (known != NULL)
		return known->name;
	size_t count = 0;
	while (tally_format_at(count) != NULL)
		count++;
	return manifest_kind_choice(index - count);
}

tally_document_kind tally_cli_document_kind(const tally_cli_call *call)
{
	const char *name = call->value[TALLY_OPTION_KIND];
	if (name != NULL && strcmp(name, "import") == 0)
		return TALLY_DOCUMENT_MANIFEST_IMPORT;
	if (name != NULL && strcmp(name, "export") == 0)
		return TALLY_DOCUMENT_MANIFEST_EXPORT;
	return tally_document_kind_find(name);
}

static const char *help_choice(size_t index)
{
	static const char *const kinds[] = {"text", "man", "bash"};
	return index < sizeof kinds / sizeof kinds[0] ? kinds[index] : NULL;
}

static const tally_cli_option journal = {
    .id = TALLY_OPTION_JOURNAL,
    .name = "journal",
    .metavar = "FILE",
    .help = "The journal (.jrn) or DriveInfo file that was written when the drive was prepared. Gives the "
	    "manifest's path and hash and the drive's id.",
};
static const tally_cli_option manifest = {
    .id = TALLY_OPTION_MANIFEST,
    .name = "manifest",
    .metavar = "PATH",
    .help = "Where the manifest is on the drive, from the drive's root. Default: where the journal says, "
	    "else \\DriveManifest.xml or \\drive-manifest.xml.",
};
static const tally_cli_option drive_id = {
    .id = TALLY_OPTION_DRIVE_ID,
    .name = "drive-id",
    .metavar = "ID",
    .help = "The id (serial number) of the drive: chooses among the drives of a journal and is compared with the "
	    "manifest's. A disk that shows another one is then only warned of.",
};
static const tally_cli_option log_file = {
    .id = TALLY_OPTION_LOG,
    .name = "log",
    .metavar = "FILE",
    .many = true,
    .help =
	"A log of the service: drive log, copy log or verbose log of any generation. May be given several times, in "
	"any order. Logs of other drives are recognised and left aside.",
};
static const tally_cli_option audit_manifest = {
    .id = TALLY_OPTION_MANIFEST,
    .name = "manifest",
    .metavar = "PATH",
    .help = "Where the manifest is on the drive, as for check. Without a DRIVE: a manifest on this computer, when only "
	    "papers are left.",
};
static const tally_cli_option is_export = {
    .id = TALLY_OPTION_EXPORT,
    .name = "export",
    .help = "The drive came back from an export.",
};
static const tally_cli_option blob_list = {
    .id = TALLY_OPTION_BLOB_LIST,
    .name = "list",
    .metavar = "FILE",
    .help = "With --export: the blob list that was ordered.",
};
static const tally_cli_option incomplete = {
    .id = TALLY_OPTION_INCOMPLETE,
    .name = "incomplete",
    .metavar = "FILE",
    .help = "With --export: the saved list to which the job's incompleteBlobListUri leads, of what the drives had no "
	    "room for.",
};
static const tally_cli_option write_missing = {
    .id = TALLY_OPTION_WRITE_MISSING,
    .name = "write-missing",
    .metavar = "FILE",
    .help = "With --export: write what should be ordered or downloaded again as a blob list. When nothing is missing, "
	    "nothing is written.",
};
static const tally_cli_option manifest_kind = {
    .id = TALLY_OPTION_KIND,
    .name = "kind",
    .metavar = "KIND",
    .choice = manifest_kind_choice,
    .help = "What the drive is for. Default: as its manifest looks.",
};
static const tally_cli_option document_kind = {
    .id = TALLY_OPTION_KIND,
    .name = "kind",
    .metavar = "KIND",
    .choice = document_kind_choice,
    .help = "The kind of the documents. Default: recognised by their content.",
};
static const tally_cli_option jobs = {
    .id = TALLY_OPTION_JOBS,
    .name = "jobs",
    .letter = 'j',
    .metavar = "N",
    .help = "Hashing threads, 1 to 256. Default: one for each processor. The report is the same for any number.",
};
static const tally_cli_option lint_jobs = {
    .id = TALLY_OPTION_JOBS,
    .name = "jobs",
    .letter = 'j',
    .metavar = "N",
    .help = "Documents judged at a time, 1 to 256. Default: one for each processor. The report is the same for any "
	    "number.",
};
static const tally_cli_option io = {
    .id = TALLY_OPTION_IO,
    .name = "io",
    .metavar = "MODE",
    .choice = tally_cli_io_choice,
    .help = "How the files of a drive are read: mapped into memory, read, or (direct) read from the medium, past the "
	    "cache: slower, but it proves that the medium itself can be read. Default: auto, whichever of the first "
	    "two turns out faster. The report is the same for any mode.",
};
static const tally_cli_option direct = {
    .id = TALLY_OPTION_DIRECT,
    .name = "direct",
    .help = "The same as --io direct.",
};
static const tally_cli_option max_rate = {
    .id = TALLY_OPTION_MAX_RATE,
    .name = "max-rate",
    .metavar = "RATE",
    .help = "Read no more than this many bytes per second, so that others can use the disk too. K, M and G behind "
	    "the number stand for 1024 bytes and its powers. Default: no limit.",
};
static const tally_cli_option key_file = {
    .id = TALLY_OPTION_KEY_FILE,
    .name = "key-file",
    .metavar = "FILE",
    .help =
	"A file with the BitLocker key of a disk or image: the 48 digits of its recovery password, the Base64 of an "
	"external key, or a .BEK file; - is standard input, for one drive. Default: the journal's key; without one it "
	"is asked for on a terminal.",
};
static const tally_cli_option checkpoint = {
    .id = TALLY_OPTION_CHECKPOINT,
    .name = "checkpoint",
    .metavar = "FILE",
    .help =
	"Note in this file what is done, so that the same command goes on from there after it was stopped, "
	"killed or lost its power, or the drive its cable. The file belongs to one drive and its manifest, must not be "
	"on the drive, and is removed when the report is complete; unless something could not be read, which the same "
	"command then tries again.",
};
static const tally_cli_option strict = {
    .id = TALLY_OPTION_STRICT,
    .name = "strict",
    .help = "Treat warnings as errors: also what was only seen in samples or inferred counts as a rule.",
};
static const tally_cli_option job = {
    .id = TALLY_OPTION_JOB,
    .name = "job",
    .metavar = "FILE",
    .help = "The job's description in JSON: a request or an answer of the REST interface, or a Data Box order.",
};
static const tally_cli_option papers_only = {
    .id = TALLY_OPTION_PAPERS_ONLY,
    .name = "papers-only",
    .help = "Read the documents and the drives' manifests, but don't check the drives' files. Disks, images and "
	    "archives are opened for it.",
};
static const tally_cli_option job_key_file = {
    .id = TALLY_OPTION_KEY_FILE,
    .name = "key-file",
    .metavar = "FILE",
    .help = "A file with a BitLocker key for volumes that none of the documents' keys opens: 48 digits, the Base64 of "
	    "an external key, or a .BEK file; - is standard input. The documents' keys are judged all the same.",
};
static const tally_cli_option emit = {
    .id = TALLY_OPTION_EMIT,
    .name = "emit",
    .metavar = "FORM",
    .choice = tally_cli_emit_choice,
    .help = "Write the job's drive list to the file of --output: for a REST request (JSON), a Data Box order "
	    "(JSON), New-AzImportExport, or az import-export. The report goes to standard output.",
};
static const tally_cli_option with_keys = {
    .id = TALLY_OPTION_WITH_KEYS,
    .name = "with-keys",
    .help = "Write the BitLocker keys into the list, not asterisks. Only its owner can read the file; remove it when "
	    "the job is created.",
};
static const tally_cli_option job_jobs = {
    .id = TALLY_OPTION_JOBS,
    .name = "jobs",
    .letter = 'j',
    .metavar = "N",
    .help =
	"Hashing threads, 1 to 256, shared out among the drives that are checked at the same time; each has one at "
	"least. Default: one for each processor, two for a disk that rotates. Drives on different disks are checked at "
	"the same time, those on one disk one after the other; an image or an archive is on the disk where its file "
	"is. The report is the same for any number.",
};
static const tally_cli_option format = {
    .id = TALLY_OPTION_FORMAT,
    .name = "format",
    .letter = 'f',
    .metavar = "FORMAT",
    .choice = format_choice,
    .help = "How to write the report. Default: text.",
};
static const tally_cli_option check_format = {
    .id = TALLY_OPTION_FORMAT,
    .name = "format",
    .letter = 'f',
    .metavar = "FORMAT",
    .choice = check_format_choice,
    .help =
	"How to write the report. Default: text. drivelog is the copy log (DriveLog 2014-11-01, verbose) that the "
	"service would write, drivelog-errors its error log; they take one DRIVE. Where no status of the drive can "
	"be predicted, no whole log can be written: then it breaks off, so that no reader of XML takes it, --output "
	"writes no file, and the exit status is 3.",
};
static const tally_cli_option output = {
    .id = TALLY_OPTION_OUTPUT,
    .name = "output",
    .letter = 'o',
    .metavar = "FILE",
    .help = "Write the report to this file instead of standard output. The file appears, or is replaced, when the "
	    "report is complete.",
};
static const tally_cli_option list = {
    .id = TALLY_OPTION_LIST,
    .name = "list",
    .letter = 'l',
    .help = "List all rules, statuses and states, one on a line.",
};
static const tally_cli_option verbose = {
    .id = TALLY_OPTION_VERBOSE,
    .name = "verbose",
    .letter = 'v',
    .help = "Show every finding instead of the first five of each kind, and name the files that are skipped.",
};
static const tally_cli_option quiet = {
    .id = TALLY_OPTION_QUIET,
    .name = "quiet",
    .letter = 'q',
    .help = "Don't show progress.",
};
static const tally_cli_option progress = {
    .id = TALLY_OPTION_PROGRESS,
    .name = "progress",
    .metavar = "FORM",
    .choice = progress_choice,
    .help = "How progress is shown on standard error. text: a line that is rewritten on a terminal, elsewhere one "
	    "every half minute. json: a line of JSON when a stage begins and once a second. Default: text. The "
	    "signal SIGUSR1 shows it at once.",
};
static const tally_cli_option no_color = {
    .id = TALLY_OPTION_NO_COLOR,
    .name = "no-color",
    .help = "Don't use colours. Without this option they are used on a terminal, unless NO_COLOR is set.",
};
static const tally_cli_option command_help = {
    .id = TALLY_OPTION_HELP,
    .name = "help",
    .letter = 'h',
    .help = "Show this help.",
};
static const tally_cli_option program_help = {
    .id = TALLY_OPTION_HELP,
    .name = "help",
    .letter = 'h',
    .optional = true,
    .metavar = "KIND",
    .choice = help_choice,
    .help = "Show this help; or print the manual page, or the completion for bash.",
};
static const tally_cli_option version = {
    .id = TALLY_OPTION_VERSION,
    .name = "version",
    .letter = 'V',
    .help = "Show the version.",
};

static const tally_cli_option *const program_options[] = {&program_help, &version, NULL};
const tally_cli_option *const tally_cli_check_options[] = {
    &journal, &key_file, &manifest, &drive_id,     &manifest_kind, &strict, &jobs,
    &io,      &direct,   &max_rate, &checkpoint,   &check_format,  &output, &verbose,
    &quiet,   &progress, &no_color, &command_help, &version,       NULL,
};
const tally_cli_option *const tally_cli_audit_options[] = {
    &log_file,  &journal,    &key_file,      &audit_manifest, &drive_id, &is_export,
    &blob_list, &incomplete, &write_missing, &strict,         &jobs,     &io,
    &direct,    &max_rate,   &format,        &output,         &verbose,  &quiet,
    &progress,  &no_color,   &command_help,  &version,        NULL,
};
const tally_cli_option *const tally_cli_lint_options[] = {
    &document_kind, &strict,   &lint_jobs, &format,       &output,  &verbose,
    &quiet,         &progress, &no_color,  &command_help, &version, NULL,
};
const tally_cli_option *const tally_cli_job_options[] = {
    &job,    &job_key_file, &emit,    &with_keys, &papers_only, &strict,   &job_jobs,     &io,      &direct, &max_rate,
    &format, &output,       &verbose, &quiet,     &progress,    &no_color, &command_help, &version, NULL,
};
const tally_cli_option *const tally_cli_explain_options[] = {&list, &command_help, &version, NULL};

const tally_cli_option *const *tally_cli_options(void)
{
	return program_options;
}
