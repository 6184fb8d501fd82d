/* SPDX-License-Identifier: Apache-2.0 */
#include "format/data_set.h"

#include "base/windows_path.h"
#include "format/csv.h"
#include "format/data_set_path.h"
#include "format/storage_name.h"

#include <stdarg.h>
#include <stdio.h>

enum { BASE_PATH, DESTINATION, TYPE, DISPOSITION, METADATA_FILE, PROPERTIES_FILE };

/* The order matters to those of the functions below that name one. */
static const tally_csv_generation generations[] = {
    {"a data set for blobs",
     6,
     {"BasePath", "DstBlobPathOrPrefix", "BlobType", "Disposition", "MetadataFile", "PropertiesFile"}},
    {"a data set for files before 2.2.0.300",
     6,
     {"BasePath", "DstItemPathOrPrefix", "ItemType", "Disposition", "MetadataFile", "PropertiesFile"}},
    {"a data set for files since 2.2.0.300", 3, {"BasePath", "DstItemPathOrPrefix", "ItemType"}},
};
#define FOR_BLOBS (&generations[0])
#define FOR_FILES_OLD (&generations[1])
#define FOR_FILES (&generations[2])

typedef struct data_set {
	tally_finder *finder;
	bool removed_told;
} data_set;

typedef struct row {
	data_set *set;
	const tally_csv_field *fields;
	bool for_files;
	bool is_directory;
} row;

__attribute__((format(printf, 4, 5))) static void tell(const row *r, tally_rule_symbol rule, unsigned column,
						       const char *format, ...)
{
	char message[300];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	const tally_csv_field *field = &r->fields[column];
	tally_find_fact(r->set->finder,
			&(tally_fact){.rule = rule, .in_document = true, .place = field->place, .actual = field->text},
			"%s", message);
}

/* ---- where from ----------------------------------------------------------------------------------------------- */

static void judge_base_path(const row *r)
{
	const tally_csv_field *field = &r->fields[BASE_PATH];
	tally_text path = field->text;
	const char *reason;
	switch (tally_local_path_check(path, &reason)) {
	case TALLY_LOCAL_OK:
		break;
	case TALLY_LOCAL_RELATIVE:
		tell(r, TALLY_RULE_T_12_FORM, BASE_PATH, "BasePath is %s%s%s",
		     path.size == 0 ? "empty" : "not an absolute path", reason[0] != '\0' ? ": " : "", reason);
		return;
	case TALLY_LOCAL_PATTERN:
		tell(r, TALLY_RULE_T_12_PATTERN, BASE_PATH, "BasePath has a * or ? in it; patterns are not allowed");
		return;
	case TALLY_LOCAL_NAME:
		tell(r, TALLY_RULE_T_12_NAME, BASE_PATH, "BasePath can't exist: %s", reason);
		return;
	}
	if (memchr(path.data, '/', path.size) != NULL)
		tell(r, TALLY_RULE_T_12_SEPARATOR, BASE_PATH, "BasePath has a slash where a backslash belongs");
	if (!field->quoted && memchr(path.data, ' ', path.size) != NULL)
		tell(r, TALLY_RULE_T_12_QUOTES, BASE_PATH, "BasePath has blanks and is not in quotes");
	if (tally_local_path_is_long(path))
		tell(r, TALLY_RULE_T_18, BASE_PATH, "BasePath has more than 256 characters");
}

/* ---- where to ------------------------------------------------------------------------------------------------- */

static void judge_container(const row *r, tally_text name)
{
	const char *fault = tally_container_name_fault(name);
	if (fault == NULL)
		return;
	char lower[64];
	size_t size = name.size < sizeof lower ? name.size : sizeof lower;
	for (size_t i = 0; i < size; i++)
		lower[i] = (char)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] - 'A' + 'a' : name.data[i]);
	if (r->for_files && tally_container_name_fault((tally_text){lower, size}) == NULL)
		tell(r, TALLY_RULE_K_26, DESTINATION,
		     "the share's name has capitals, as the page's own example has; a share's can't");
	else
		tell(r, TALLY_RULE_T_13_CONTAINER, DESTINATION, "no %s can have this name: %s",
		     r->for_files ? "share" : "container", fault);
}

static void judge_blob_name(const row *r, const tally_blob_name *name)
{
	switch (tally_blob_name_check(name)) {
	case TALLY_BLOB_NAME_OK:
	case TALLY_BLOB_NAME_EMPTY:
	case TALLY_BLOB_NAME_END:
		break;
	case TALLY_BLOB_NAME_TOO_LONG:
		tell(r, TALLY_RULE_T_13_NAME, DESTINATION, "the blob's name is longer than 1,024 characters");
		break;
	case TALLY_BLOB_NAME_SEGMENTS:
		tell(r, TALLY_RULE_T_13_NAME, DESTINATION, "the blob's name has more than 254 path segments");
		break;
	case TALLY_BLOB_NAME_CHARACTER:
		tell(r, TALLY_RULE_T_13_NAME, DESTINATION,
		     "the blob's name has a control character or a private-use code point");
		break;
	case TALLY_BLOB_NAME_ROOT_SLASH:
		tell(r, TALLY_RULE_T_13_ROOT, DESTINATION, "a blob of the root container has no slash in its name");
		break;
	case TALLY_BLOB_NAME_DELETE:
		tell(r, TALLY_RULE_T_13_DELETE, DESTINATION, "the blob's name has the control character U+007F");
		break;
	}
}

/* Names of files in a share are those of Windows, but for dots and blanks at the end (N-05, N-06). */
static void judge_file_name(const row *r, tally_text path)
{
	if (path.size > 0 && path.data[path.size - 1] == '/')
		path.size--;
	tally_path_fault fault = path.size > 0 ? tally_windows_path_check(path, NULL) : TALLY_PATH_OK;
	if (fault != TALLY_PATH_OK && fault != TALLY_PATH_TRAILING)
		tell(r, TALLY_RULE_T_13_NAME, DESTINATION, "the share can't hold this path: %s",
		     tally_path_fault_text(fault));
}

/* What stands behind the account's address, if there is one. */
static tally_text without_address(const row *r, tally_text path)
{
	static const char *const schemes[] = {"https://", "http://"};
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t size = strlen(schemes[i]);
		if (path.size < size ||
		    !tally_text_equal_ascii_nocase((tally_text){path.data, size}, (tally_text){schemes[i], size}))
			continue;
		tell(r, TALLY_RULE_K_25, DESTINATION, "the destination begins with the address of the account");
		path = (tally_text){path.data + size, path.size - size};
		const char *slash = path.size > 0 ? memchr(path.data, '/', path.size) : NULL;
		size_t host = slash != NULL ? (size_t)(slash + 1 - path.data) : path.size;
		return (tally_text){path.data + host, path.size - host};
	}
	return path;
}

static void judge_end(const row *r, const tally_blob_name *name)
{
	bool slash = name->blob.size == 0 || name->blob.data[name->blob.size - 1] == '/';
	if (r->is_directory && !slash)
		tell(r, TALLY_RULE_T_13_DIRECTORY, DESTINATION,
		     "BasePath is a directory, but the destination does not end in a slash");
	else if (!r->is_directory && slash)
		tell(r, TALLY_RULE_T_13_FILE, DESTINATION, "BasePath is a file, but the destination ends in a slash");
	else if (r->is_directory && tally_text_equal_string(name->container, "$root") && name->blob.size == 0)
		tell(r, TALLY_RULE_T_13_SUBDIRECTORIES, DESTINATION,
		     "subdirectories are not copied into the root container");
}

static void judge_destination(const row *r)
{
	tally_text path = without_address(r, r->fields[DESTINATION].text);
	tally_blob_name name = tally_blob_path_split(path);
	if (path.size == 0) {
		tell(r, TALLY_RULE_T_13_FORM, DESTINATION, "there is no destination");
		return;
	}
	if (name.leading_slash) {
		tell(r, TALLY_RULE_T_13_FORM, DESTINATION, "the destination begins with a slash");
		return;
	}
	if (name.blob.data == NULL) {
		tell(r, TALLY_RULE_T_13_FORM, DESTINATION, "the destination has no slash behind the %s",
		     r->for_files ? "share" : "container");
		return;
	}
	judge_container(r, name.container);
	judge_end(r, &name);
	if (name.blob.size > 0 && memchr(name.blob.data, '\\', name.blob.size) != NULL)
		tell(r, TALLY_RULE_T_13_SEPARATOR, DESTINATION,
		     "the destination has a backslash where a slash belongs");
	if (r->for_files)
		judge_file_name(r, name.blob);
	else
		judge_blob_name(r, &name);
}

/* ---- how ------------------------------------------------------------------------------------------------------ */

static bool is_one_of(tally_text text, const char *const *values)
{
	for (; *values != NULL; values++)
		if (tally_text_equal_string(text, *values))
			return true;
	return false;
}

static void judge_type(const row *r)
{
	static const char *const sampled[] = {"BlockBlob", "PageBlob", "", NULL}, *const worded[] = {"block", "page",
												     NULL};
	tally_text type = r->fields[TYPE].text;
	if (r->for_files && type.size == 0)
		tell(r, TALLY_RULE_K_27, TYPE, "ItemType is empty; it was reported to be needed");
	else if (r->for_files && !tally_text_equal_string(type, "file"))
		tell(r, TALLY_RULE_T_14_FILE, TYPE, "ItemType is not file");
	else if (!r->for_files && is_one_of(type, worded))
		tell(r, TALLY_RULE_K_27, TYPE,
		     "BlobType is written as in the page's text, not as in its example: BlockBlob, PageBlob");
	else if (!r->for_files && !is_one_of(type, sampled))
		tell(r, TALLY_RULE_T_14_TYPE, TYPE, "BlobType is neither BlockBlob nor PageBlob");
}

static void judge_side_file(const row *r, unsigned column)
{
	static const char *const none[] = {"None", "", NULL};
	tally_text path = r->fields[column].text;
	const char *reason;
	if (is_one_of(path, none))
		return;
	if (tally_local_path_check(path, &reason) != TALLY_LOCAL_OK || path.data[path.size - 1] == '\\')
		tell(r, TALLY_RULE_T_15_SIDE_FILE, column, "%s is neither None nor the absolute path of a file",
		     column == METADATA_FILE ? "MetadataFile" : "PropertiesFile");
}

static void judge_row(void *context, const tally_csv_generation *generation, const tally_csv_field *fields,
		      tally_place place)
{
	static const char *const dispositions[] = {"rename", "no-overwrite", "overwrite", "", NULL};
	tally_text base = fields[BASE_PATH].text;
	row r = {.set = context, .fields = fields, .for_files = generation != FOR_BLOBS};
	r.is_directory = base.size > 0 && (base.data[base.size - 1] == '\\' || base.data[base.size - 1] == '/');
	if (generation == FOR_FILES_OLD && !r.set->removed_told) {
		r.set->removed_told = true;
		tally_find_fact(r.set->finder,
				&(tally_fact){.rule = TALLY_RULE_T_15_REMOVED, .in_document = true, .place = place},
				"the last three of the six columns belong to tools before 2.2.0.300");
	}
	judge_base_path(&r);
	judge_destination(&r);
	judge_type(&r);
	if (generation == FOR_FILES)
		return;
	if (!is_one_of(fields[DISPOSITION].text, dispositions))
		tell(&r, TALLY_RULE_T_15_DISPOSITION, DISPOSITION,
		     "Disposition is none of rename, no-overwrite and overwrite");
	judge_side_file(&r, METADATA_FILE);
	judge_side_file(&r, PROPERTIES_FILE);
}

/* ---- the format ----------------------------------------------------------------------------------------------- */

static const tally_csv_generation *guess(const tally_csv_field *fields, size_t count)
{
	if (count <= 3)
		return FOR_FILES;
	return tally_text_equal_ascii_nocase(fields[TYPE].text, TALLY_TEXT("file")) ? FOR_FILES_OLD : FOR_BLOBS;
}

static const tally_csv_table table = {
    .generations = generations,
    .generation_count = sizeof generations / sizeof generations[0],
    .header = TALLY_RULE_T_11_HEADER,
    .no_header = TALLY_RULE_T_11_NO_HEADER,
    .columns = TALLY_RULE_T_11_COLUMNS,
    .empty = TALLY_RULE_T_11_EMPTY,
    .guess = guess,
    .row = judge_row,
};

/* A header, or a first row with the columns of one generation: from a path here to a path there. */
static bool has_front(tally_text front)
{
	char buffer[TALLY_FRONT_MAX];
	tally_csv_field fields[TALLY_CSV_COLUMNS_MAX];
	size_t count = tally_csv_front(front, buffer, fields);
	if (tally_csv_is_header(&table, fields, count))
		return true;
	return (count == 3 || count == 6) && tally_local_path_begins(fields[BASE_PATH].text) &&
	       memchr(fields[DESTINATION].text.data, '/', fields[DESTINATION].text.size) != NULL;
}

static tally_result lint(tally_lint_run *run, tally_error *error)
{
	data_set set = {.finder = run->finder};
	return tally_csv_lint(run, &table, &set, error);
}

const tally_format tally_data_set_format = {TALLY_DOCUMENT_DATA_SET, "data-set", NULL, has_front, lint};
