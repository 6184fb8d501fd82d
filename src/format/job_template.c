/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The template that the classic service's sample program reads (ImportExportJobSettings): an XML file of its own, which
 * holds what the REST request of that time needed.
 */
#include "format/job.h"

#include "base/windows_path.h"
#include "format/job_values.h"

#define NOTE_MAX 1024   /* characters of Description and Metadata */
#define TEXT_BYTES 4096 /* nothing else comes near it */

enum {
	DOCUMENT,
	SETTINGS,
	JOB_PROPERTY,
	BACKUP,
	DESCRIPTION,
	VERBOSE,
	FRIENDLY_NAME,
	TYPE,
	LOCATION,
	METADATA,
	ACCOUNT_NAME,
	ACCOUNT_KEY,
	CONTAINER_SAS,
	STATES_PATH,
	RETURN_ADDRESS,
	ADDRESS_NAME,
	EMAIL,
	ADDRESS,
	PHONE,
	RETURN_SHIPPING,
	CARRIER_NAME,
	CARRIER_ACCOUNT,
	DRIVE_LIST,
	DRIVE,
	DRIVE_ID,
	BITLOCKER_KEY,
	MANIFEST_FILE,
	MANIFEST_HASH,
	BLOB_LIST,
	BLOB
};

#define OPTIONAL(child)                                                      \
  {                                                                          \
    .element = (child), .missing = TALLY_RULE_NONE, .order = TALLY_RULE_NONE \
  }
#define REQUIRED(child, rule)                                       \
  {                                                                 \
    .element = (child), .missing = (rule), .order = TALLY_RULE_NONE \
  }
#define MANY(child)                                                                        \
  {                                                                                        \
    .element = (child), .many = true, .missing = TALLY_RULE_NONE, .order = TALLY_RULE_NONE \
  }

static const tally_child_rule document_children[] = {REQUIRED(SETTINGS, TALLY_RULE_R_21_ROOT)};

static const tally_child_rule settings_children[] = {
    REQUIRED(JOB_PROPERTY, TALLY_RULE_R_21),
    REQUIRED(RETURN_ADDRESS, TALLY_RULE_R_15_CLASSIC),
    REQUIRED(RETURN_SHIPPING, TALLY_RULE_R_15_CLASSIC),
    OPTIONAL(DRIVE_LIST),
    OPTIONAL(BLOB_LIST),
};

static const tally_child_rule property_children[] = {
    OPTIONAL(BACKUP),
    OPTIONAL(DESCRIPTION),
    OPTIONAL(VERBOSE),
    OPTIONAL(FRIENDLY_NAME),
    OPTIONAL(METADATA),
    OPTIONAL(ACCOUNT_KEY),
    OPTIONAL(CONTAINER_SAS),
    OPTIONAL(STATES_PATH),
    REQUIRED(TYPE, TALLY_RULE_R_21),
    REQUIRED(LOCATION, TALLY_RULE_R_21),
    REQUIRED(ACCOUNT_NAME, TALLY_RULE_R_21),
};

static const tally_child_rule address_children[] = {
    REQUIRED(ADDRESS_NAME, TALLY_RULE_R_15_CLASSIC),
    REQUIRED(EMAIL, TALLY_RULE_R_15_CLASSIC),
    REQUIRED(ADDRESS, TALLY_RULE_R_15_CLASSIC),
    REQUIRED(PHONE, TALLY_RULE_R_15_CLASSIC),
};

static const tally_child_rule shipping_children[] = {
    REQUIRED(CARRIER_NAME, TALLY_RULE_R_15_CLASSIC),
    REQUIRED(CARRIER_ACCOUNT, TALLY_RULE_R_15_CLASSIC),
};

static const tally_child_rule drive_list_children[] = {MANY(DRIVE)};

static const tally_child_rule drive_children[] = {
    REQUIRED(DRIVE_ID, TALLY_RULE_R_07),
    REQUIRED(BITLOCKER_KEY, TALLY_RULE_R_07),
    REQUIRED(MANIFEST_FILE, TALLY_RULE_R_07),
    REQUIRED(MANIFEST_HASH, TALLY_RULE_R_07),
};

static const tally_child_rule blob_list_children[] = {MANY(BLOB)};

enum { BLOB_PATHS, BLOB_PREFIXES };

static const tally_attribute_rule blob_attributes[] = {
    [BLOB_PATHS] = {"BlobPaths", TALLY_VALUE_TEXT, TALLY_RULE_NONE, TALLY_RULE_NONE},
    [BLOB_PREFIXES] = {"BlobPathPrefixes", TALLY_VALUE_TEXT, TALLY_RULE_NONE, TALLY_RULE_NONE},
};

#define PARENT(title, table)                                           \
  {                                                                    \
    .name = (title), .refused = TALLY_RULE_NONE, TALLY_CHILDREN(table) \
  }
#define TEXT_MAX(title, when_empty, max)                                                          \
  {                                                                                               \
    .name = (title), .type = TALLY_VALUE_TEXT, .invalid = TALLY_RULE_NONE, .empty = (when_empty), \
    .refused = TALLY_RULE_NONE, .text_max = (max)                                                 \
  }
#define TEXT(title, when_empty) TEXT_MAX(title, when_empty, TEXT_BYTES)
#define SECRET(title, when_empty)                                                                 \
  {                                                                                               \
    .name = (title), .type = TALLY_VALUE_TEXT, .invalid = TALLY_RULE_NONE, .empty = (when_empty), \
    .refused = TALLY_RULE_NONE, .text_max = TEXT_BYTES, .secret = true                            \
  }

static const tally_element_rule elements[] = {
    [DOCUMENT] = PARENT("", document_children),
    [SETTINGS] = PARENT("ImportExportJobSettings", settings_children),
    [JOB_PROPERTY] = PARENT("JobProperty", property_children),
    [BACKUP] = TEXT("BackupDriveManifest", TALLY_RULE_NONE),
    [DESCRIPTION] = TEXT_MAX("Description", TALLY_RULE_NONE, 64 * 1024),
    [VERBOSE] = TEXT("EnableVerboseLog", TALLY_RULE_NONE),
    [FRIENDLY_NAME] = TEXT("FriendlyName", TALLY_RULE_NONE),
    [TYPE] = TEXT("JobType", TALLY_RULE_R_21),
    [LOCATION] = TEXT("Location", TALLY_RULE_R_21),
    [METADATA] = TEXT_MAX("Metadata", TALLY_RULE_NONE, 64 * 1024),
    [ACCOUNT_NAME] = TEXT("StorageAccountName", TALLY_RULE_R_21),
    [ACCOUNT_KEY] = SECRET("StorageAccountKey", TALLY_RULE_NONE),
    [CONTAINER_SAS] = SECRET("ContainerSas", TALLY_RULE_NONE),
    [STATES_PATH] = TEXT("ImportExportStatesPath", TALLY_RULE_NONE),
    [RETURN_ADDRESS] = PARENT("ReturnAddress", address_children),
    [ADDRESS_NAME] = TEXT("Name", TALLY_RULE_R_15_CLASSIC),
    [EMAIL] = TEXT("Email", TALLY_RULE_R_15_CLASSIC),
    [ADDRESS] = TEXT("Address", TALLY_RULE_R_15_CLASSIC),
    [PHONE] = TEXT("Phone", TALLY_RULE_R_15_CLASSIC),
    [RETURN_SHIPPING] = PARENT("ReturnShipping", shipping_children),
    [CARRIER_NAME] = TEXT("CarrierName", TALLY_RULE_R_15_CLASSIC),
    [CARRIER_ACCOUNT] = TEXT("CarrierAccountNumber", TALLY_RULE_R_15_CLASSIC),
    [DRIVE_LIST] = PARENT("DriveList", drive_list_children),
    [DRIVE] = PARENT("Drive", drive_children),
    [DRIVE_ID] = TEXT("DriveId", TALLY_RULE_R_07),
    [BITLOCKER_KEY] = SECRET("BitLockerKey", TALLY_RULE_R_07),
    [MANIFEST_FILE] = TEXT_MAX("ManifestFile", TALLY_RULE_R_07, (size_t)2 * TALLY_WINDOWS_PATH_BYTES),
    [MANIFEST_HASH] = TEXT("ManifestHash", TALLY_RULE_R_07),
    [BLOB_LIST] = PARENT("BlobList", blob_list_children),
    [BLOB] = {.name = "Blob",
	      .invalid = TALLY_RULE_NONE,
	      .empty = TALLY_RULE_NONE,
	      .refused = TALLY_RULE_NONE,
	      TALLY_ATTRIBUTES(blob_attributes)},
};

static const tally_grammar grammar = {
    .elements = elements,
    .root = TALLY_RULE_R_21_ROOT,
    .unknown_element = TALLY_RULE_R_21_ELEMENT,
    .unknown_attribute = TALLY_RULE_R_21_ELEMENT,
    .repeated = TALLY_RULE_R_21_ELEMENT,
    .text = TALLY_RULE_R_21_ELEMENT,
    .blanks = TALLY_RULE_NONE,
    .character = TALLY_RULE_XML_01,
    .level = TALLY_LEVEL_DOCUMENT,
};

/* ---- what the grammar can't say ---- */

typedef struct template_reading {
	tally_finder *finder;
	bool import, export; /* by JobType */
	bool has_key, has_sas;
	uint64_t drives;
	bool has_selection; /* a Blob that selects something */
	bool has_blob_list;
	tally_place drive_list; /* where it begins; line 0: nowhere */
	tally_place blob_list, settings, property;
} template_reading;

static void tell(const template_reading *t, tally_rule_symbol rule, tally_place place, const char *message)
{
	tally_find_fact(t->finder, &(tally_fact){.rule = rule, .in_document = true, .place = place}, "%s", message);
}

static void open_element(void *state, unsigned element, tally_text name, const tally_value *attributes,
			 tally_place place)
{
	(void)name, (void)attributes;
	template_reading *t = state;
	switch (element) {
	case SETTINGS:
		t->settings = place;
		break;
	case JOB_PROPERTY:
		t->property = place;
		break;
	case DRIVE_LIST:
		t->drive_list = place;
		break;
	case BLOB_LIST:
		t->blob_list = place;
		t->has_blob_list = true;
		break;
	case DRIVE:
		if (++t->drives == TALLY_JOB_DRIVES_MAX + 1)
			tell(t, TALLY_RULE_R_01_COUNT, place, "this is the eleventh drive; a job can have ten");
		break;
	default:
		break;
	}
}

static void check_length(const template_reading *t, const tally_job_value *value)
{
	size_t characters = 0;
	for (tally_text rest = value->text; rest.size > 0; characters++)
		tally_utf8_next(&rest);
	if (characters > NOTE_MAX)
		tally_find_fact(
		    t->finder,
		    &(tally_fact){.rule = TALLY_RULE_R_21_LENGTH, .in_document = true, .place = value->place},
		    "%s has %zu characters; it can have 1,024", value->what, characters);
}

static void check_boolean(const template_reading *t, const tally_job_value *value)
{
	if (tally_text_equal_ascii_nocase(value->text, TALLY_TEXT("true")) ||
	    tally_text_equal_ascii_nocase(value->text, TALLY_TEXT("false")))
		return;
	tally_fact fact = {.rule = TALLY_RULE_R_21_BOOLEAN,
			   .in_document = true,
			   .place = value->place,
			   .expected = TALLY_TEXT("true or false"),
			   .actual = value->text};
	tally_find_fact(t->finder, &fact, "%s is neither true nor false", value->what);
}

static void take_type(template_reading *t, const tally_job_value *value)
{
	t->import = tally_text_equal_ascii_nocase(value->text, TALLY_TEXT("Import"));
	t->export = tally_text_equal_ascii_nocase(value->text, TALLY_TEXT("Export"));
	tally_job_check_type(value);
}

static void take_value(template_reading *t, unsigned element, const tally_job_value *value)
{
	switch (element) {
	case BACKUP:
	case VERBOSE:
		check_boolean(t, value);
		break;
	case DESCRIPTION:
	case METADATA:
		check_length(t, value);
		break;
	case FRIENDLY_NAME:
		tally_job_check_classic_name(value);
		break;
	case TYPE:
		take_type(t, value);
		break;
	case ACCOUNT_NAME:
		tally_job_check_account_name(value);
		break;
	case ACCOUNT_KEY:
		t->has_key = true;
		break;
	case CONTAINER_SAS:
		t->has_sas = true;
		break;
	case STATES_PATH:
		tally_job_check_log_path(value);
		break;
	case DRIVE_ID:
		tally_job_check_drive_id(value);
		break;
	case BITLOCKER_KEY:
		tally_job_check_bitlocker_key(value);
		break;
	case MANIFEST_FILE:
		tally_job_check_manifest_file(value);
		break;
	case MANIFEST_HASH:
		tally_job_check_manifest_hash(value);
		break;
	default:
		break;
	}
}

/* The first of several: how they are separated is not published, and no container's name has one of these. */
static bool first_of(const template_reading *t, const tally_value *value, unsigned index, tally_job_value *first)
{
	size_t size = 0;
	while (size < value->text.size && strchr(",;| ", value->text.data[size]) == NULL)
		size++;
	*first = (tally_job_value){t->finder, blob_attributes[index].name, {value->text.data, size}, value->place};
	return size > 0;
}

static void take_selection(template_reading *t, const tally_value *attributes)
{
	tally_job_value first;
	if (first_of(t, &attributes[BLOB_PATHS], BLOB_PATHS, &first))
		tally_job_check_blob_path(&first);
	if (first_of(t, &attributes[BLOB_PREFIXES], BLOB_PREFIXES, &first))
		tally_job_check_blob_prefix(&first);
	t->has_selection =
	    t->has_selection || attributes[BLOB_PATHS].text.size > 0 || attributes[BLOB_PREFIXES].text.size > 0;
}

static void check_settings(const template_reading *t)
{
	if (t->has_key && t->has_sas)
		tell(t, TALLY_RULE_R_21_CREDENTIAL, t->property,
		     "there are both a StorageAccountKey and a ContainerSas");
	else if (t->property.line > 0 && !t->has_key && !t->has_sas)
		tell(t, TALLY_RULE_R_21_UNFILLED, t->property,
		     "there is neither a StorageAccountKey nor a ContainerSas yet");
	if (t->import && t->drives == 0)
		tell(t, TALLY_RULE_R_01_IMPORT, t->settings, "the import job has no drive");
	if (t->export && t->drives > 0)
		tell(t, TALLY_RULE_R_01_EXPORT, t->drive_list, "the export job lists drives");
	if (t->export && !t->has_blob_list)
		tell(t, TALLY_RULE_R_12_EXPORT, t->settings, "the export job has no BlobList");
	if (t->import && t->has_blob_list)
		tell(t, TALLY_RULE_R_12_IMPORT, t->blob_list, "the import job has a BlobList");
	if (t->export && t->has_blob_list && !t->has_selection)
		tell(t, TALLY_RULE_R_12_EMPTY, t->blob_list, "BlobList selects no blobs");
}

static void close_element(void *state, unsigned element, tally_text name, const tally_value *value,
			  const tally_value *attributes)
{
	(void)name;
	template_reading *t = state;
	if (element == SETTINGS)
		check_settings(t);
	else if (element == BLOB)
		take_selection(t, attributes);
	else if (value->text.size > 0)
		take_value(t, element,
			   &(tally_job_value){t->finder, elements[element].name, value->text, value->place});
}

/* ---- the format ---- */

static bool is_template(tally_text name, const tally_xml_attribute *attributes, size_t count)
{
	(void)attributes, (void)count;
	return tally_text_equal_string(name, elements[SETTINGS].name);
}

static tally_result lint(tally_lint_run *run, tally_error *error)
{
	static const tally_format_hooks hooks = {open_element, close_element};
	template_reading reading = {.finder = run->finder};
	return tally_lint_document(run, &grammar, &hooks, &reading, error);
}

const tally_format tally_job_template_format = {TALLY_DOCUMENT_JOB_TEMPLATE, "job-template", is_template, NULL, lint};
