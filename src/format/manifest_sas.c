/* SPDX-License-Identifier: Apache-2.0 */
/* What a manifest's credential must obey (formats.md M-12, M-13). It is a secret: no finding shows more than its dates.
 */
#include "format/manifest_internal.h"
#include "format/storage_name.h"

static const tally_text no_text = {NULL, 0};

static void take_credential(tally_manifest *m, unsigned element, tally_place place)
{
	if (!tally_manifest_set_kind(m, TALLY_MANIFEST_IMPORT))
		tally_manifest_tell(m, TALLY_RULE_M_12_EXPORT, place, no_text,
				    "a credential in the manifest of an export");
	if (m->credential != 0 && m->credential != element)
		tally_manifest_tell(m, TALLY_RULE_M_12_BOTH, place, no_text, "both StorageAccountKey and ContainerSas");
	m->credential = element;
}

void tally_manifest_check_account_key(tally_manifest *m, const tally_value *value)
{
	size_t size;
	take_credential(m, MANIFEST_ACCOUNT_KEY, value->place);
	if (value->text.size > 0 && (!tally_base64_decode(value->text, NULL, 0, &size) || size != 64))
		tally_manifest_tell(m, TALLY_RULE_M_12_FORM, value->place, no_text,
				    "the StorageAccountKey is not Base64 of 64 bytes (88 characters)");
}

/* The value of a parameter in a query string. */
static tally_text query_value(tally_text query, const char *name)
{
	size_t name_size = strlen(name);
	while (query.size > 0) {
		const char *next = memchr(query.data, '&', query.size);
		size_t size = next != NULL ? (size_t)(next - query.data) : query.size;
		if (size > name_size && query.data[name_size] == '=' && memcmp(query.data, name, name_size) == 0)
			return (tally_text){query.data + name_size + 1, size - name_size - 1};
		size += next != NULL;
		query.data += size;
		query.size -= size;
	}
	return no_text;
}

/* A SAS by stored policy (si=) may have no permissions of its own; what the policy grants can't be known offline. */
static void check_permissions(tally_manifest *m, tally_text query, tally_place place)
{
	tally_text permissions = query_value(query, "sp");
	const char *needed = m->totals.kind == TALLY_MANIFEST_EXPORT ? "rwl" : "rwd";
	if (permissions.data == NULL && query_value(query, "si").size > 0)
		return;
	for (const char *p = needed; *p != '\0'; p++)
		if (permissions.size == 0 || memchr(permissions.data, *p, permissions.size) == NULL) {
			tally_manifest_tell(m, TALLY_RULE_M_13_PERMISSIONS, place, permissions,
					    "the SAS does not grant the permission %c", *p);
			return;
		}
}

#define SAS_TIME_SIZE sizeof "2030-01-01T00:00:00"

/*
 * A time as a SAS has it: 2030-01-01, 2030-01-01T00:00Z or 2030-01-01T00:00:00Z, perhaps with a fraction, the colons
 * perhaps as %3A. `out` has all of it but the fraction, so that two can be compared as texts.
 */
static bool read_sas_time(tally_text text, char out[SAS_TIME_SIZE])
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd", midnight[] = "0000-00-00T00:00:00";
	size_t size = 0;
	memcpy(out, midnight, SAS_TIME_SIZE);
	while (text.size > 0 && shape[size] != '\0') {
		bool escaped =
		    text.size >= 3 && tally_text_equal_ascii_nocase((tally_text){text.data, 3}, TALLY_TEXT("%3A"));
		char c = escaped ? ':' : text.data[0];
		if (shape[size] == 'd' ? c < '0' || c > '9' : c != shape[size])
			break;
		out[size++] = c;
		text.data += escaped ? 3 : 1;
		text.size -= escaped ? 3 : 1;
	}
	if (text.size > 0 && text.data[0] == '.' && shape[size] == '\0')
		return text.size > 1 && text.data[text.size - 1] == 'Z';
	bool whole = size == strlen("dddd-dd-ddTdd:dd") || shape[size] == '\0';
	return (size == strlen("dddd-dd-dd") && text.size == 0) || (whole && tally_text_equal_string(text, "Z"));
}

static void check_period(tally_manifest *m, tally_text query, tally_place place)
{
	char begin[SAS_TIME_SIZE], end[SAS_TIME_SIZE];
	if (!read_sas_time(query_value(query, "se"), end))
		return;
	tally_text expiry = {end, SAS_TIME_SIZE - 1};
	if (read_sas_time(query_value(query, "st"), begin) && strcmp(end, begin) < 0)
		tally_manifest_tell(m, TALLY_RULE_M_13_PERIOD, place, expiry,
				    "the SAS expires at %s, before it becomes valid at %s", end, begin);
	else
		tally_manifest_tell(m, TALLY_RULE_M_13_EXPIRY, place, expiry, "the SAS expires at %s (UTC)", end);
}

static void tell_container(tally_manifest *m, tally_text container, tally_place place, const char *what)
{
	char shown[80];
	tally_mask((tally_text){m->sas_container.data, m->sas_container.size}, shown, sizeof shown);
	tally_manifest_tell(m, TALLY_RULE_M_13_CONTAINER, place, container,
			    "%s not in the container %s that the SAS opens", what, shown);
}

void tally_manifest_check_container(tally_manifest *m, tally_text container, tally_place place)
{
	if (m->sas_container.set) {
		if (!tally_text_equal_string(container, m->sas_container.data))
			tell_container(m, container, place, "the blob is");
	} else if (!m->first_container.set) {
		tally_manifest_keep(m, &m->first_container, container);
	} else if (!tally_text_equal(container, (tally_text){m->first_container.data, m->first_container.size})) {
		m->several_containers = true;
	}
}

/* Also of the blobs that came before the SAS; which ones they were nobody knows any more. */
static void take_container(tally_manifest *m, tally_text container, tally_place place)
{
	if (m->sas_container.set || container.size == 0)
		return;
	tally_manifest_keep(m, &m->sas_container, container);
	if (!m->sas_container.set || !m->first_container.set)
		return;
	tally_text first = {m->first_container.data, m->first_container.size};
	if (m->several_containers || !tally_text_equal(container, first))
		tell_container(m, first, place, "blobs in front of the ContainerSas are");
}

void tally_manifest_check_container_sas(tally_manifest *m, const tally_value *value)
{
	take_credential(m, MANIFEST_CONTAINER_SAS, value->place);
	if (value->text.size == 0)
		return;
	const char *mark = memchr(value->text.data, '?', value->text.size);
	tally_text container = {value->text.data, mark != NULL ? (size_t)(mark - value->text.data) : value->text.size};
	if (mark != NULL)
		take_container(m, container, value->place);
	tally_text query = mark != NULL ? (tally_text){mark + 1, value->text.size - container.size - 1} : no_text;
	if (tally_container_name_fault(container) != NULL || query_value(query, "sig").size == 0) {
		tally_manifest_tell(
		    m, TALLY_RULE_M_13_FORM, value->place, no_text,
		    "ContainerSas is not a container's name, a question mark and a SAS token with a signature");
		return;
	}
	check_permissions(m, query, value->place);
	check_period(m, query, value->place);
}
