/* SPDX-License-Identifier: Apache-2.0 */
/* Findings point at the byte and the line of what they speak of, in every encoding; looked up in the stored bytes. */
#include "manifest_judge.h"

#include "support/suite.h"

#include <stdio.h>

/* Where the first finding of a corpus document points: at the n-th of a text. */
static const struct {
	const char *rule, *text;
	int nth;
} places[] = {
    {"XML-02", "<!DOCTYPE", 1},
    {"M-01.missing", "<DriveManifest", 1},
    {"M-01.several", "<Drive>", 2},
    {"M-03.root", "<DriveManifests", 1},
    {"M-03.missing", "<DriveManifest", 1},
    {"M-03.version", "2016-05-31", 1},
    {"M-04.namespace", "<DriveManifest", 1},
    {"M-05.element", "<Colour", 1},
    {"M-05.attribute", "red\"", 1},
    {"M-05.order", "<FilePath", 1},
    {"M-05.repeated", "<Length>", 2},
    {"M-05.text", "<Blob>", 1},
    {"M-06", "</ClientData", 1},
    {"M-10.missing", "<Drive>", 1},
    {"M-10.order", "<DriveId", 1},
    {"M-11.blank", "<DriveId", 1},
    {"M-11.characters", "<DriveId", 1},
    {"M-12.both", "<ContainerSas", 1},
    {"M-12.form", "<StorageAccountKey", 1},
    {"M-13.form", "<ContainerSas", 1},
    {"M-13.container", "<BlobPath", 1},
    {"M-14", "<Drive>", 1},
    {"M-16", "<Drive>", 1},
    {"M-17.hash", "<MetadataPath", 1},
    {"M-17.path", "<MetadataPath", 1},
    {"M-18.missing", "<Blob>", 1},
    {"M-19.invalid", "<FilePath", 1},
    {"M-22.form", "<Snapshot", 1},
    {"M-23.missing", "<Blob>", 1},
    {"M-23.number", "<Length", 1},
    {"M-24.value", "<ImportDisposition", 1},
    {"M-26.both", "<BlockList", 1},
    {"M-30", "<Block ", 2},
    {"M-31.offset", "1023\"", 1},
    {"M-31.length", "1023\"", 1},
    {"M-31.size", "4194816\"", 1},
    {"M-32.order", "0\" Length=\"512\"", 1},
    {"M-32.overlap", "512\" Length=\"512\"", 1},
    {"M-33", "512\" Length=\"1024\"", 1},
    {"M-34", "0\" Hash", 1},
    {"M-40.order", "8\" Length=\"4\"", 1},
    {"M-40.gap", "8\" Length=\"4\"", 1},
    {"M-40.cover", "<Blob>", 1},
    {"M-41.limit", "4194304001\"", 1},
    {"M-42.base64", "AQAAAB==", 1},
    {"M-42.length", "AQAA\"", 1},
    {"M-43.mixed", "<Blob>", 1},
    {"M-45", "AAAAAA==", 2},
    {"M-50", "\" />", 0},
    {"M-52", "<Length", 1},
    {"M-60", "<File>", 1},
    {"N-02", "<BlobPath", 1},
    {"N-09.blob-path", "<Blob>", 2},
    {"N-09.case", "<Blob>", 2},
    {"N-09.export", "<Blob>", 2},
};

#define PLACES (int)(sizeof places / sizeof places[0])

enum { UTF8, UTF8_MARK, UTF16LE, UTF16LE_MARK, UTF16BE, UTF16BE_MARK, FORMS };

static bool is_utf16(int form)
{
	return form >= UTF16LE;
}

/* With characters that take 3 and 4 bytes of UTF-8 in front of everything, and more lines. */
static test_text stored_as(const char *utf8, int form, bool crlf)
{
	test_text text = {0}, lines = {0}, stored = {0};
	text_print(&text, "%s", utf8);
	text_replace(&text, "?>\n", "?>\n<!-- \xF0\x9F\x8D\x8E\n\xE6\x97\xA5 -->\n");
	for (const char *c = text.data; *c != '\0'; c++)
		text_add(&lines, *c == '\n' && crlf ? "\r\n" : c, *c == '\n' && crlf ? 2 : 1);
	if (is_utf16(form))
		text_add_utf16(&stored, lines.data, form >= UTF16BE, form == UTF16LE_MARK || form == UTF16BE_MARK);
	else
		text_print(&stored, "%s%s", form == UTF8_MARK ? "\xEF\xBB\xBF" : "", lines.data);
	text_clear(&text);
	text_clear(&lines);
	return stored;
}

static tally_place find(const test_text *stored, int form, const char *wanted, int nth)
{
	test_text pattern = {0};
	if (is_utf16(form))
		text_add_utf16(&pattern, wanted, form >= UTF16BE, false);
	else
		text_print(&pattern, "%s", wanted);
	const char *at = stored->data, *end = stored->data + stored->size;
	for (int i = 0; i < nth; i++) {
		at = memmem(at, (size_t)(end - at), pattern.data, pattern.size);
		ck_assert_msg(at != NULL, "no %s", wanted);
		at += i + 1 < nth ? pattern.size : 0;
	}
	tally_place place = {1, (uint64_t)(at - stored->data)};
	size_t unit = is_utf16(form) ? 2 : 1, low = form >= UTF16BE ? 1 : 0;
	for (size_t i = 0; i < place.offset; i += unit)
		place.line += stored->data[i + low] == '\n' && (unit == 1 || stored->data[i + 1 - low] == 0);
	text_clear(&pattern);
	return place;
}

static tally_manifest_options options_for(const char *rule)
{
	return (tally_manifest_options){.find_duplicates = true,
					.kind = strstr(rule, ".export") != NULL ? TALLY_MANIFEST_EXPORT
										: TALLY_MANIFEST_UNKNOWN};
}

START_TEST(test_findings_point_at_what_they_speak_of)
{
	char name[128];
	snprintf(name, sizeof name, "corpus/manifest/%s.bad.xml", places[_i].rule);
	test_text text = file_read(source_path(name));
	/* A hash of 31 digits can't be told by its beginning. */
	char hash[40] = "";
	if (places[_i].nth == 0) {
		const char *end = strstr(strstr(text.data, "Offset=\"8\""), places[_i].text);
		snprintf(hash, sizeof hash, "%.31s", end - 31);
	}
	const char *wanted = places[_i].nth == 0 ? hash : places[_i].text;
	for (int form = 0; form < 2 * FORMS; form++) {
		test_text stored = stored_as(text.data, form / 2, form % 2 == 1);
		tally_place place = find(&stored, form / 2, wanted, places[_i].nth == 0 ? 1 : places[_i].nth);
		tally_manifest_options options = options_for(places[_i].rule);
		judgement j;
		judge(&j, stored.data, stored.size, form == 0 ? 7 : PIECE_WHOLE, &options);
		const recorded *f = recorder_find(&j.found, places[_i].rule, name);
		ck_assert_msg(f->line == place.line && f->document_offset == place.offset,
			      "%s in form %d: line %zu, byte %zu, not %zu, %zu", name, form, (size_t)f->line,
			      (size_t)f->document_offset, (size_t)place.line, (size_t)place.offset);
		judgement_clear(&j);
		text_clear(&stored);
	}
	text_clear(&text);
}
END_TEST

/* Attributes on lines of their own, with values that XML had to decode. */
START_TEST(test_values_in_tags_over_several_lines)
{
	for (int form = 0; form < 2 * FORMS; form++) {
		test_text text = file_read(source_path("corpus/manifest/valid/spread-tags.xml"));
		text_replace(&text, "Length=\"4\"", "Length=\"+&#52;\"");
		text_replace(&text, "Id=\"AQAAAA==\"", "\n Id\t=\n'\xC3\xA4&amp;'");
		test_text stored = stored_as(text.data, form / 2, form % 2 == 1);
		judgement j;
		judge(&j, stored.data, stored.size, 3, &(tally_manifest_options){.kind = TALLY_MANIFEST_UNKNOWN});
		const char *const rules[] = {"M-23.number", "M-42.base64"}, *const texts[] = {"+&#52;",
											      "\xC3\xA4&amp;"};
		for (size_t i = 0; i < 2; i++) {
			const recorded *f = recorder_find(&j.found, rules[i], "spread tags");
			tally_place place = find(&stored, form / 2, texts[i], 1);
			ck_assert_uint_eq(f->line, place.line);
			ck_assert_uint_eq(f->document_offset, place.offset);
		}
		ck_assert_str_eq(recorder_find(&j.found, "M-23.number", "")->actual, "+4");
		ck_assert_str_eq(recorder_find(&j.found, "M-42.base64", "")->actual, "\xC3\xA4&");
		judgement_clear(&j);
		text_clear(&stored);
		text_clear(&text);
	}
}
END_TEST

int main(void)
{
	return suite_run("manifest places", (const suite_test[]){{test_findings_point_at_what_they_speak_of, PLACES},
								 {test_values_in_tags_over_several_lines, 0},
								 {NULL, 0}});
}
