/* SPDX-License-Identifier: Apache-2.0 */
/* What concerns several members of an object, or depends on what the description is for: no table can say it. */
#include "format/job_judge.h"

typedef tally_job_judge judge;

static size_t count_children(const judge *j, size_t node)
{
	size_t count = 0;
	for (size_t i = tally_json_first(j->json, node); i != 0; i = tally_json_next(j->json, node, i))
		count++;
	return count;
}

static void check_drives_differ(const judge *j, size_t list)
{
	tally_text ids[TALLY_JOB_DRIVES_MAX]; /* more drives are told anyway */
	size_t count = 0;
	for (size_t i = tally_json_first(j->json, list); i != 0 && count < TALLY_JOB_DRIVES_MAX;
	     i = tally_json_next(j->json, list, i)) {
		ids[count] = tally_job_text_of(j, i, "driveId");
		bool twice = false;
		for (size_t k = 0; k < count; k++)
			twice = twice || (ids[k].size > 0 && tally_text_equal_ascii_nocase(ids[k], ids[count]));
		if (twice)
			tally_job_tell(j, TALLY_RULE_R_02_TWICE, i, "drive %zu of the list has the id of one before it",
				       count + 1);
		count++;
	}
}

static void check_drive_count(const judge *j, size_t drives)
{
	size_t count = drives != 0 ? count_children(j, drives) : 0;
	if (count > TALLY_JOB_DRIVES_MAX && j->side != TALLY_JOB_ANSWER)
		tally_job_tell(j, TALLY_RULE_R_01_COUNT, drives, "the job has %zu drives; it can have %d", count,
			       TALLY_JOB_DRIVES_MAX);
}

static void check_package(const judge *j, size_t properties, size_t drives)
{
	size_t package = tally_job_given(j, properties, "deliveryPackage");
	size_t node = package != 0 ? tally_json_member(j->json, package, "driveCount") : 0;
	if (node == 0 || drives == 0 || tally_json_type_of(j->json, node) != TALLY_JSON_INTEGER ||
	    tally_json_type_of(j->json, drives) != TALLY_JSON_LIST)
		return;
	int64_t count = tally_json_integer(j->json, node);
	if (count >= 0 && (uint64_t)count != count_children(j, drives))
		tally_job_tell(j, TALLY_RULE_R_20_PACKAGE, node, "the package has %lld drives, the job's list %zu",
			       (long long)count, count_children(j, drives));
}

static void check_kind(const judge *j, size_t properties, size_t drives)
{
	size_t selection = tally_job_given(j, properties, "export");
	/* A template's copy makes members, which may be any of these. */
	bool create =
	    j->side == TALLY_JOB_CREATE && !tally_job_is_copy(j, tally_json_member(j->json, properties, "copy"));
	if (j->import && create && drives == 0)
		tally_job_tell(j, TALLY_RULE_R_01_IMPORT, properties, "the import job has no driveList");
	if (j->export && create && drives != 0)
		tally_job_tell(j, TALLY_RULE_R_01_EXPORT, drives, "the export job has a driveList");
	if (j->export && create && selection == 0)
		tally_job_tell(j, TALLY_RULE_R_12_EXPORT, properties, "the export job has no export member");
	if (j->import && create && selection != 0)
		tally_job_tell(j, TALLY_RULE_R_12_IMPORT, selection, "the import job has an export member");
	size_t incomplete = tally_job_given(j, properties, "incompleteBlobListUri");
	if (j->import && incomplete != 0)
		tally_job_tell(j, TALLY_RULE_R_13, incomplete, "the import job has an incompleteBlobListUri");
}

static void check_update(const judge *j, size_t properties)
{
	size_t state = tally_job_given(j, properties, "state");
	size_t cancel = tally_json_member(j->json, properties, "cancelRequested");
	if (cancel != 0 && tally_json_type_of(j->json, cancel) == TALLY_JSON_BOOLEAN &&
	    !tally_json_is_true(j->json, cancel))
		tally_job_tell(j, TALLY_RULE_R_17, cancel,
			       "cancelRequested is false; a request to cancel can't be taken back");
	if (state == 0 || tally_json_type_of(j->json, state) != TALLY_JSON_STRING)
		return;
	if (!tally_text_equal_string(tally_json_string(j->json, state), "Shipping"))
		tally_job_tell(j, TALLY_RULE_R_11_UPDATE, state, "an update can't set this state");
	else if (tally_job_given(j, properties, "returnAddress") == 0 ||
		 tally_job_given(j, properties, "deliveryPackage") == 0)
		tally_job_tell(
		    j, TALLY_RULE_R_11_PACKAGE, state,
		    "returnAddress and deliveryPackage are not both here; then an earlier request must have set them");
}

static void check_properties(const judge *j, size_t node)
{
	size_t drives = tally_job_given(j, node, "driveList");
	check_drive_count(j, drives);
	if (drives != 0)
		check_drives_differ(j, drives);
	check_package(j, node, drives);
	check_kind(j, node, drives);
	size_t state = tally_job_given(j, node, "state");
	if (j->side == TALLY_JOB_UPDATE)
		check_update(j, node);
	else if (state != 0 && !tally_job_is_expression(j, state))
		tally_job_check_text(j, state, "state", tally_job_check_state);
}

static void check_drive(const judge *j, size_t node)
{
	if (j->side != TALLY_JOB_ANSWER)
		return;
	size_t key = tally_job_given(j, node, "bitLockerKey"), status = tally_job_given(j, node, "copyStatus"),
	       uri = tally_job_given(j, node, "manifestUri");
	if (key != 0)
		tally_job_tell(j, TALLY_RULE_R_03, key, "the answer holds a BitLocker key");
	if (status != 0 &&
	    (tally_job_is_word(j, node, "state", "Specified") || tally_job_is_word(j, node, "state", "Received") ||
	     tally_job_is_word(j, node, "state", "NeverReceived")))
		tally_job_tell(j, TALLY_RULE_R_09_EARLY, status,
			       "%s has a copyStatus before anything can have been copied", tally_job_here(j));
	if (uri != 0 && !j->backup)
		tally_job_tell(j, TALLY_RULE_R_10_BACKUP, uri,
			       "%s has a manifestUri, but the job has no backupDriveManifest", tally_job_here(j));
}

static void check_selection(const judge *j, size_t node)
{
	size_t list = tally_job_given(j, node, "blobList");
	bool paths = list != 0 && (tally_job_is_expression(j, list) || tally_job_given(j, list, "blobPath") != 0 ||
				   tally_job_given(j, list, "blobPathPrefix") != 0);
	if (!paths && tally_job_given(j, node, "blobListBlobPath") == 0 &&
	    tally_job_given(j, node, "blobListblobPath") == 0)
		tally_job_tell(j, TALLY_RULE_R_12_EMPTY, node, "%s selects no blobs", tally_job_here(j));
}

static void check_encryption_key(const judge *j, size_t node)
{
	if (tally_job_is_word(j, node, "kekType", "CustomerManaged") &&
	    (tally_job_given(j, node, "kekUrl") == 0 || tally_job_given(j, node, "kekVaultResourceID") == 0))
		tally_job_tell(j, TALLY_RULE_R_18_KEY, node, "%s doesn't say which key, or in which vault",
			       tally_job_here(j));
}

static void check_order(const judge *j, size_t properties)
{
	size_t details = tally_job_given(j, properties, "details");
	if (details != 0 && tally_job_is_expression(j, details))
		return;
	size_t drives = details != 0 ? tally_job_given(j, details, "importDiskDetailsCollection") : 0;
	check_drive_count(j, drives);
	if (drives == 0 && j->side == TALLY_JOB_CREATE &&
	    tally_job_is_word(j, properties, "transferType", "ImportToAzure"))
		tally_job_tell(j, TALLY_RULE_R_19_DRIVES, details != 0 ? details : properties,
			       "the order to import lists no drives");
}

static void check_order_details(const judge *j, size_t node)
{
	size_t type = tally_job_given(j, node, "jobDetailsType");
	if (type != 0 && !tally_job_is_expression(j, type) &&
	    !tally_job_is_word(j, node, "jobDetailsType", "DataBoxCustomerDisk"))
		tally_job_tell(j, TALLY_RULE_R_19_KIND, type,
			       "this is an order of another kind than DataBoxCustomerDisk");
}

void tally_job_check_members(const judge *j, size_t node, tally_job_element element)
{
	switch (element) {
	case JOB_PROPERTIES:
		check_properties(j, node);
		break;
	case JOB_DRIVE:
		check_drive(j, node);
		break;
	case JOB_EXPORT:
		check_selection(j, node);
		break;
	case JOB_ENCRYPTION_KEY:
		check_encryption_key(j, node);
		break;
	case ORDER_PROPERTIES:
		check_order(j, node);
		break;
	case ORDER_DETAILS:
		check_order_details(j, node);
		break;
	default:
		break;
	}
}
