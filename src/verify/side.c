/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata and properties files: found, hash, form (states.md section 5.5). */
#include "base/memory.h"
#include "format/sidefile.h"
#include "verify/worker.h"

#define SIDE_CHUNK ((size_t)16 * 1024)

/* Reads the file once: hash and form together. */
static tally_result read_side(tally_side_check *c, const tally_file *file, tally_sidefile *form, tally_md5 *md5, tally_error *error)
{
	uint8_t chunk[SIDE_CHUNK];
	tally_result result = tally_md5_begin(md5, error);
	for (uint64_t offset = 0; result == TALLY_OK;) {
		int64_t got = tally_file_read(file, offset, chunk, sizeof chunk);
		if (got < 0) {
			c->outcome = TALLY_SIDE_IO_FAILED;
			c->os_error = (int)-got;
			return TALLY_OK;
		}
		if (got == 0)
			break;
		offset += (uint64_t)got;
		result = tally_md5_update(md5, chunk, (size_t)got, error);
		if (result == TALLY_OK)
			result = tally_sidefile_feed(form, chunk, (size_t)got, error);
	}
	if (result == TALLY_OK)
		result = tally_sidefile_finish(form, error);
	if (result == TALLY_OK)
		result = tally_md5_end(md5, c->actual, error);
	if (result != TALLY_OK)
		return result;
	if (c->reference.has_hash && memcmp(c->actual, c->reference.md5, sizeof c->actual) != 0)
		c->outcome = TALLY_SIDE_CORRUPTED;
	else
		c->status = tally_sidefile_status(form);
	if (c->outcome == TALLY_SIDE_COMPLETED && c->status != NULL)
		c->outcome = TALLY_SIDE_FORM;
	return TALLY_OK;
}

tally_result tally_side_check_run(tally_side_check *c, tally_drive *drive, bool is_properties, bool is_export, tally_finder *finder,
				  tally_error *error)
{
	c->outcome = TALLY_SIDE_COMPLETED;
	c->status = NULL;
	c->has_findings = false;
	if (c->reference.path == NULL) {
		c->outcome = TALLY_SIDE_NOT_FOUND;
		c->find = TALLY_FIND_NAME_INVALID;
		return TALLY_OK;
	}
	tally_file file;
	c->find = tally_drive_find(drive, (tally_text){c->reference.path, strlen(c->reference.path)}, &file, &c->detail);
	if (c->find == TALLY_FIND_NO_MEMORY)
		return tally_fail_memory(error);
	if (c->find != TALLY_FIND_OK) {
		c->outcome = TALLY_SIDE_NOT_FOUND;
		return TALLY_OK;
	}
	tally_sidefile *form = NULL;
	tally_md5 *md5 = NULL;
	uint64_t before = finder->errors + finder->warnings + finder->notes;
	tally_result result = tally_sidefile_new(&form, is_properties, is_export, finder, error);
	if (result == TALLY_OK)
		result = tally_md5_new(&md5, error);
	if (result == TALLY_OK)
		result = read_side(c, &file, form, md5, error);
	c->has_findings = finder->errors + finder->warnings + finder->notes > before;
	tally_sidefile_free(form);
	tally_md5_free(md5);
	tally_file_close(&file);
	return result;
}
