/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata and properties files: found, hash, form (states.md section 5.5). */
#include "base/memory.h"
#include "format/sidefile.h"
#include "verify/worker.h"

#define SIDE_CHUNK ((size_t)16 * 1024)

static bool is_right(void *context, const uint8_t md5[TALLY_MD5_SIZE])
{
	const tally_side_reference *reference = context;
	return memcmp(md5, reference->md5, TALLY_MD5_SIZE) == 0;
}

/* What the file holds, when it is known to be the right one. */
static tally_result read_form(tally_side_check *c, tally_whole *bytes, tally_sidefile *form, tally_error *error)
{
	char chunk[SIDE_CHUNK];
	tally_result result = TALLY_OK;
	int64_t got = 0;
	for (uint64_t offset = 0; result == TALLY_OK; offset += (uint64_t)got) {
		got = tally_whole_read(bytes, offset, chunk, sizeof chunk);
		if (got <= 0)
			break;
		result = tally_sidefile_feed(form, chunk, (size_t)got, error);
	}
	tally_fault later;
	if (tally_whole_was_flaky(bytes, &later) && !c->fault.met)
		c->fault = later;
	if (result == TALLY_OK && got < 0 && !c->fault.met)
		c->fault = (tally_fault){.met = true, .os_error = (int)-got, .second = TALLY_SECOND_FAILED};
	return result == TALLY_OK && got == 0 ? tally_sidefile_finish(form, error) : result;
}

static tally_result read_side(tally_side_check *c, tally_whole *bytes, const tally_file *file, tally_sidefile *form,
			      tally_error *error)
{
	tally_whole_outcome o;
	const tally_whole_subject subject = {
	    .file = file, .is_right = c->reference.has_hash ? is_right : NULL, .context = &c->reference};
	tally_result result = tally_whole_take(bytes, &subject, &o, error);
	if (result != TALLY_OK)
		return result;
	c->fault = o.fault;
	memcpy(c->actual, o.first, sizeof c->actual);
	if (o.complete && o.right)
		result = read_form(c, bytes, form, error);
	if (c->fault.met)
		c->outcome = c->fault.os_error != 0 ? TALLY_SIDE_IO_FAILED : TALLY_SIDE_CORRUPTED;
	else
		c->status = tally_sidefile_status(form);
	if (c->outcome == TALLY_SIDE_COMPLETED && c->status != NULL)
		c->outcome = TALLY_SIDE_FORM;
	return result;
}

tally_result tally_side_check_run(tally_side_check *c, tally_drive *drive, tally_whole *bytes, bool is_properties,
				  bool is_export, tally_finder *finder, tally_error *error)
{
	c->outcome = TALLY_SIDE_COMPLETED;
	c->status = NULL;
	c->has_findings = false;
	c->fault = (tally_fault){0};
	if (c->reference.path == NULL) {
		c->outcome = TALLY_SIDE_NOT_FOUND;
		c->find = TALLY_FIND_NAME_INVALID;
		return TALLY_OK;
	}
	tally_file file;
	c->find = tally_whole_find(bytes, drive, (tally_text){c->reference.path, strlen(c->reference.path)}, &file,
				   &c->detail);
	tally_result result = tally_find_shortage(c->find, &c->detail, error);
	if (result != TALLY_OK)
		return result;
	if (c->find == TALLY_FIND_IO_FAILED && tally_whole_is_lost(bytes, error))
		return TALLY_ERROR_IO;
	if (c->find != TALLY_FIND_OK) {
		c->outcome = TALLY_SIDE_NOT_FOUND;
		return TALLY_OK;
	}
	tally_sidefile *form = NULL;
	uint64_t before = finder->errors + finder->warnings + finder->notes;
	result = tally_sidefile_new(&form, is_properties, is_export, finder, error);
	if (result == TALLY_OK)
		result = read_side(c, bytes, &file, form, error);
	c->has_findings = finder->errors + finder->warnings + finder->notes > before;
	tally_sidefile_free(form);
	tally_file_close(&file);
	return result;
}
