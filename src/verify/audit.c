/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An audit is a check that somebody looks on: the logs are read into an index first, every blob is held against it when
 * it is checked, and what nothing accounts for is told at the end.
 */
#include "verify/audit.h"

#include "base/memory.h"

static void put(void *context, const tally_finding *finding)
{
	const tally_auditing *audit = context;
	if (audit->run.sink->finding != NULL)
		audit->run.sink->finding(audit->run.sink->context, finding);
}

static void on_name(void *context, const tally_manifest_blob *blob)
{
	tally_audit_note_name(context, blob);
}

static tally_result on_blob(void *context, const tally_run_blob *blob, tally_error *error)
{
	return tally_audit_blob(context, blob, error);
}

/* Nothing that the logs say fits: there is nothing to tell of, one by one. */
static void tell_nothing_fits(tally_auditing *audit)
{
	const tally_audit_summary *s = audit->summary;
	/* The error log of an export names what did not come to the drive. */
	bool could_fit = !s->is_export || s->has_verbose;
	if (s->log_entries == 0 || s->blobs_logged + s->blobs_renamed > 0 || s->check.blobs_listed == 0 || !could_fit)
		return;
	tally_find_fact(&audit->finder, &(tally_fact){.rule = TALLY_RULE_A_05},
			"no entry of the logs speaks of a blob of this manifest: they may be another drive's");
}

/* What was found of a run that was stopped counts too. */
static void count_findings(const tally_auditing *audit)
{
	tally_summary *check = &audit->summary->check;
	check->errors += audit->finder.errors;
	check->warnings += audit->finder.warnings;
	check->notes += audit->finder.notes;
}

/* What the audit adds to the verdict of the check. */
static void conclude(tally_auditing *audit)
{
	tally_audit_summary *s = audit->summary;
	tally_summary *check = &s->check;
	bool papers = audit->run.is_paper;
	/* Papers can be compared where there is no drive that could be checked. */
	bool compared = s->logs_used > 0 && check->blobs_listed > 0;
	if (papers && check->exit_status == 3)
		check->exit_status = compared || audit->list != NULL ? 0 : 3;
	if (audit->finder.errors > 0)
		check->exit_status = 1;
}

static tally_result on_end(void *context, tally_error *error)
{
	tally_auditing *audit = context;
	/* What the drive was searched for is over, with the names that it met. */
	audit->run.progress = (tally_progress){.stage = "comparing"};
	tally_audit_judge_logs(audit);
	tally_result result = tally_audit_find_unknown(audit, error);
	if (result == TALLY_OK)
		result = tally_audit_read_incomplete(audit, error);
	if (result == TALLY_OK)
		result = tally_audit_list_conclude(audit, error);
	if (result != TALLY_OK)
		return result;
	tell_nothing_fits(audit);
	if (!audit->summary->has_verbose && audit->summary->logs_used > 0)
		tally_run_gap(&audit->run, "which blobs the service stored",
			      "no verbose log was given (--log): an error log names only what failed");
	conclude(audit);
	return TALLY_OK;
}

static tally_result prepare(tally_auditing *audit, tally_error *error)
{
	tally_result result = tally_audit_index_init(&audit->index, error);
	if (result == TALLY_OK)
		result = tally_audit_read_logs(audit, error);
	if (result == TALLY_OK && audit->options->list != NULL)
		result = tally_audit_list_read(audit, error);
	audit->observer = (tally_run_observer){
	    .context = audit, .crc64 = audit->has_crc64, .named = on_name, .blob = on_blob, .end = on_end};
	audit->run.observer = &audit->observer;
	return result;
}

static void release(tally_auditing *audit)
{
	for (size_t i = 0; i < audit->log_count; i++)
		if (audit->logs[i].open)
			tally_source_close(&audit->logs[i].source);
	tally_free(audit->logs);
	tally_audit_index_clear(&audit->index);
	tally_audit_list_free(audit->list);
	tally_free(audit->container.data);
	tally_free(audit->new_container.data);
	tally_free(audit);
}

static bool is_usable(const tally_audit_options *options)
{
	const tally_check_options *check = &options->check;
	if (check->jobs > 256 || (unsigned)check->io > TALLY_IO_DIRECT)
		return false;
	if (check->drive == NULL && check->manifest == NULL)
		return false;
	if (options->log_count > TALLY_AUDIT_LOGS_MAX || (options->log_count > 0 && options->logs == NULL))
		return false;
	return options->is_export || (options->log_count > 0 && options->list == NULL && options->incomplete == NULL);
}

tally_result tally_audit(const tally_audit_options *options, const tally_sink *sink, tally_audit_summary *summary,
			 tally_error *error)
{
	static const tally_sink nobody = {0};
	if (options == NULL || summary == NULL || !is_usable(options))
		return tally_fail(
		    error, TALLY_ERROR_ARGUMENT,
		    "tally_audit needs a summary, a drive or a manifest, and a log, or with is_export perhaps a list");
	*summary = (tally_audit_summary){
	    .is_export = options->is_export, .logs = options->log_count, .check = {.exit_status = 3}};
	tally_auditing *audit = tally_zalloc(1, sizeof *audit);
	if (audit == NULL)
		return tally_fail_memory(error);
	tally_check_options check = options->check;
	if (options->is_export && check.kind == TALLY_DOCUMENT_UNKNOWN)
		check.kind = TALLY_DOCUMENT_MANIFEST_EXPORT;
	/* A checkpoint holds no CRC-64: what it lets a check pass over could not be proven. */
	check.checkpoint = NULL;
	audit->options = options;
	audit->summary = summary;
	audit->run.sink = sink != NULL ? sink : &nobody;
	audit->run.summary = &summary->check;
	audit->finder = (tally_finder){.put = put, .context = audit, .strict = check.strict};
	tally_result result = prepare(audit, error);
	if (result == TALLY_OK)
		result = tally_run_check(&audit->run, &check, sink, &summary->check, error);
	count_findings(audit);
	release(audit);
	return result;
}

void tally_audit_summary_clear(tally_audit_summary *summary)
{
	if (summary == NULL)
		return;
	tally_summary_clear(&summary->check);
	*summary = (tally_audit_summary){0};
}
