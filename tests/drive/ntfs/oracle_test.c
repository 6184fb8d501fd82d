/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes of others, and others on ours: an image made by Windows, one made by mkntfs, and what ntfs-3g and the Sleuth
 * Kit read from what the writer wrote. Each part is skipped where what it needs isn't there.
 */
#include "fixture.h"
#include "support/tools.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACKED_IMAGE "images/ntfs-win10-lznt1-mbr.raw.zst"
#define OF_MKNTFS "mkntfs ntfscp"
#define OF_SLEUTH_KIT "fls icat"
#define OF_NTFS_3G "ntfsls ntfscat ntfsinfo"

static const uint64_t seed = 3;

static void md5_of(tally_ntfs_file *file, char hex[33])
{
	static uint8_t bytes[1 << 20];
	unsigned char digest[16];
	uint64_t at = 0;
	int64_t got;
	EVP_MD_CTX *md5 = EVP_MD_CTX_new();
	ck_assert_int_eq(EVP_DigestInit_ex(md5, EVP_md5(), NULL), 1);
	while ((got = tally_ntfs_stream_read(&file->stream, at, bytes, sizeof bytes, TALLY_LAYER_CACHED)) > 0) {
		EVP_DigestUpdate(md5, bytes, (size_t)got);
		at += (uint64_t)got;
	}
	ck_assert_int_eq(got, 0);
	EVP_DigestFinal_ex(md5, digest, NULL);
	EVP_MD_CTX_free(md5);
	for (unsigned i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	tally_ntfs_file_close(file);
}

static tally_layer *file_layer;

static void open_file_as_volume(uint64_t offset, uint64_t size)
{
	tally_error error;
	tally_ntfs_problem problem;
	ck_assert_int_eq(tally_layer_open_file(image_path, &file_layer, &error), TALLY_OK);
	ck_assert_int_eq(
	    tally_layer_open_part(file_layer, offset, size != 0 ? size : file_layer->size - offset, &layer, &error),
	    TALLY_OK);
	ck_assert_int_eq(tally_ntfs_open(layer, NULL, &volume, &problem, &error), TALLY_OK);
	ck_assert_str_eq(problem.text, "");
}

static char *walked;
static size_t walked_size;

static bool note(void *context, const tally_walk_entry *entry)
{
	FILE *out = context;
	for (const char *at = entry->path + 1; *at != '\0'; at++)
		putc(*at == '\\' ? '/' : *at, out);
	putc('\n', out);
	return true;
}

/* All paths, one to a line, in the drive's own order. */
static void walk(void)
{
	tally_error error;
	FILE *out = open_memstream(&walked, &walked_size);
	ck_assert_ptr_nonnull(out);
	make_drive();
	ck_assert_int_eq(tally_drive_walk(drive, note, out, &error), TALLY_OK);
	fclose(out);
}

static void close_volume(void)
{
	close_all();
	tally_layer_close(file_layer);
	free(walked);
	walked = NULL;
}

/* ---- of Windows ---- */

START_TEST(image_of_windows_is_read)
{
	static const struct {
		const char *path, *stream;
		uint64_t size;
		const char *md5;
	} files[] = {
	    {"1.txt", "", 6460, "36f90669011e09f6f82dc12e5383a32e"},
	    {"os_version.txt", "", 42, "d5402454a0afc369f478d60a27354601"},
	    {"$RECYCLE.BIN\\S-1-5-21-1183432223-2088216007-4099646507-1001\\desktop.ini", "", 129,
	     "a526b9e7c716b3489d8cc062fbce4005"},
	    {"System Volume Information\\IndexerVolumeGuid", "", 76, "9c054e36f9eb8c95455b788f5bc85a71"},
	    {"$Extend\\$RmMetadata\\$TxfLog\\$TxfLogContainer00000000000000000001", "", 2097152,
	     "9d9af666fea6d21bda22498b4a4c0b66"},
	    {"$Extend\\$RmMetadata\\$Repair", "$Corrupt", 8388608, "7b54687bcb3ab9421e26b5d75d443a8c"},
	    {"$Extend\\$RmMetadata\\$Repair", "$Verify", 1048576, "acba9ce2cb446e3e8748a12062d8aa0d"},
	};
	const char *packed_image = shared_path(PACKED_IMAGE);
	if (packed_image == NULL || !tools_have("zstd"))
		return;
	tools_run("zstd -q -d -f --sparse %s -o %s", packed_image, image_path);
	open_file_as_volume(65536, 2091008 * UINT64_C(512));
	const tally_ntfs_facts *facts = tally_ntfs_facts_of(volume);
	ck_assert_str_eq(facts->label, "RAM Slack");
	ck_assert_uint_eq(facts->geometry.serial, 0xBAA85F5BA85F14EB);
	ck_assert_uint_eq(facts->geometry.sectors, 2091007);
	ck_assert_uint_eq(facts->geometry.mft, 87125);
	ck_assert(facts->major == 3 && facts->minor == 1 && !facts->dirty && !facts->own_upcase);
	expect_notes("");
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char md5[33];
		tally_ntfs_file *file = open_stream(record_of(files[i].path), files[i].stream);
		ck_assert_uint_eq(file->stream.size, files[i].size);
		md5_of(file, md5);
		ck_assert_str_eq(md5, files[i].md5);
	}
	walk();
	ck_assert_str_eq(walked, "$RECYCLE.BIN/S-1-5-21-1183432223-2088216007-4099646507-1001/desktop.ini\n"
				 "1.txt\n"
				 "System Volume Information/IndexerVolumeGuid\n"
				 "os_version.txt\n");
	close_volume();
}
END_TEST

/* ---- of mkntfs ---- */

static const unsigned cluster_sizes[] = {512, 4096, 65536, 2097152};

START_TEST(volume_of_mkntfs_is_read)
{
	char source[80];
	if (!tools_have(OF_MKNTFS))
		return;
	unsigned long long size = cluster_sizes[_i] > 65536 ? 128 << 20 : 16 << 20;
	ck_assert_int_eq(truncate(image_path, (off_t)size), 0);
	tools_run("mkntfs -F -Q -q -c %u -L Platte %s 2>&1", cluster_sizes[_i], image_path);
	snprintf(source, sizeof source, "%s.source", image_path);
	FILE *out = fopen(source, "wb");
	ck_assert_ptr_nonnull(out);
	for (uint64_t i = 0; i < 300000; i++)
		putc(noise_at(seed, i), out);
	fclose(out);
	tools_run("ntfscp -q %s %s large.bin 2>&1", image_path, source);
	ck_assert_int_eq(truncate(source, 100), 0);
	tools_run("ntfscp -q %s %s little.bin 2>&1", image_path, source);
	unlink(source);
	open_file_as_volume(0, 0);
	ck_assert_str_eq(tally_ntfs_facts_of(volume)->label, "Platte");
	ck_assert_uint_eq(tally_ntfs_facts_of(volume)->geometry.cluster_size, cluster_sizes[_i]);
	expect_noise(record_of("LARGE.BIN"), seed, 300000);
	expect_noise(record_of("little.bin"), seed, 100);
	expect_notes("");
	walk();
	ck_assert_str_eq(walked, "large.bin\nlittle.bin\n");
	close_volume();
}
END_TEST

/* ---- of the writer, read by others ---- */

static const struct {
	uint32_t sector, cluster, record, pieces;
	bool list;
} shapes[] = {
    {512, 4096, 1024, 1, false},  {512, 512, 1024, 3, false},  {512, 65536, 1024, 1, false},
    {4096, 4096, 4096, 1, false}, {512, 1024, 4096, 2, false}, {512, 4096, 1024, 4, true},
};

static void write_all_kinds(unsigned shape)
{
	static const uint64_t seeds[] = {10, 11, 12, 13, 14, 15, 16, 17};
	ntfs_options options = {.size = 32 << 20,
				.label = "Fracht \xE2\x84\x96 2",
				.records = 2000,
				.sector_size = shapes[shape].sector,
				.cluster_size = shapes[shape].cluster,
				.record_size = shapes[shape].record,
				.mft_pieces = shapes[shape].pieces,
				.mft_list = shapes[shape].list};
	char name[64];
	ntfs_writer *w = begin(&options);
	uint32_t folder = ntfs_writer_directory(w, NTFS_ROOT, "folder");
	uint32_t deep = ntfs_writer_directory(w, folder, "deep");
	ntfs_writer_file(w, &(ntfs_file){.directory = folder, .name = "little", .content = noise(&seeds[0], 90)});
	ntfs_writer_file(w, &(ntfs_file){.directory = folder, .name = "plain", .content = noise(&seeds[1], 200001)});
	ntfs_writer_file(
	    w, &(ntfs_file){.directory = deep, .name = "pieces", .content = noise(&seeds[2], 600000), .pieces = 80});
	ntfs_writer_file(
	    w,
	    &(ntfs_file){
		.directory = deep, .name = "listed", .content = noise(&seeds[3], 300000), .pieces = 4, .list = true});
	ntfs_writer_file(w, &(ntfs_file){.directory = deep,
					 .name = "outside",
					 .content = noise(&seeds[4], 300000),
					 .pieces = 4,
					 .list_outside = true});
	ntfs_writer_file(
	    w, &(ntfs_file){
		   .directory = deep, .name = "never", .content = noise(&seeds[5], 100000), .never_written = 40000});
	ntfs_writer_file(w, &(ntfs_file){.directory = deep,
					 .name = "sparse",
					 .content = noise(&seeds[6], 100000),
					 .holes = (ntfs_range[]){{0, 16}},
					 .hole_count = 1});
	if (shapes[shape].cluster <= 4096)
		ntfs_writer_file(
		    w,
		    &(ntfs_file){.directory = NTFS_ROOT, .name = "packed", .content = soft(300000), .compress = true});
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
					 .name = "\xC3\xA4 \xF0\x9F\x93\xB7",
					 .content = noise(&seeds[7], 3000),
					 .links = (ntfs_link[]){{folder, "link", NTFS_WIN32}},
					 .link_count = 1,
					 .names_outside = true});
	for (unsigned i = 0; i < 700; i++) {
		snprintf(name, sizeof name, "a file that is called %u", i * 7919 % 1000);
		ntfs_writer_file(w, &(ntfs_file){.directory = deep, .name = name, .content = noise(&seed, i % 500)});
	}
	ntfs_writer_finish(w);
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines sorted, with what `path_of` takes from each; NULL leaves it out. */
static char *sorted(char *lines, char *(*path_of)(char *line))
{
	static char *all[8192];
	size_t count = 0, size = strlen(lines) + 1;
	for (char *line = strtok(lines, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char *path = path_of(line);
		if (path != NULL)
			all[count++] = path;
	}
	qsort(all, count, sizeof *all, by_line);
	char *out = calloc(1, size + count + 1), *at = out;
	ck_assert_ptr_nonnull(out);
	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "%s\n", all[i]);
	return out;
}

static char *whole_line(char *line)
{
	return line;
}

/* "r/r 37-128-2:<tab>folder/name", but for named streams and what NTFS keeps for itself. */
static char *path_of_fls(char *line)
{
	char *path = strchr(line, '\t');
	return path == NULL || path[1] == '$' || strchr(path, ':') != NULL ? NULL : path + 1;
}

START_TEST(sleuth_kit_reads_the_same)
{
	if (!tools_have(OF_SLEUTH_KIT))
		return;
	write_all_kinds((unsigned)_i);
	open_file_as_volume(0, 0);
	const test_text *listing = tools_run("fls -b %u -r -p -F %s", shapes[_i].sector, image_path);
	tally_ntfs *of_drive = volume;
	walk();
	char *ours = sorted(walked, whole_line), *theirs = sorted(listing->data, path_of_fls);
	ck_assert_str_eq(ours, theirs);
	ck_assert_uint_gt(strlen(ours), 700 * 20);
	volume = of_drive;
	static const char *const files[] = {"folder\\plain",       "folder\\deep\\pieces", "folder\\deep\\listed",
					    "folder\\deep\\never", "folder\\deep\\sparse", "folder\\link",
					    "folder\\little",      "folder\\deep\\outside"};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		uint32_t record = record_of(files[i]);
		tally_ntfs_file *file = open_stream(record, "");
		const test_text *bytes = tools_run("icat -b %u %s %u", shapes[_i].sector, image_path, record);
		ck_assert_uint_eq(bytes->size, file->stream.size);
		uint8_t *mine = read_whole(file);
		ck_assert_msg(memcmp(mine, bytes->data, bytes->size) == 0, "%s", files[i]);
		free(mine);
		tally_ntfs_file_close(file);
	}
	volume = NULL;
	free(ours);
	free(theirs);
	close_volume();
}
END_TEST

START_TEST(ntfs_3g_reads_the_same)
{
	if (!tools_have(OF_NTFS_3G))
		return;
	write_all_kinds((unsigned)_i);
	open_file_as_volume(0, 0);
	const test_text *information = tools_run("ntfsinfo -m %s 2>/dev/null", image_path);
	ck_assert_ptr_nonnull(strstr(information->data, "Volume Name: Fracht \xE2\x84\x96 2\n"));
	const test_text *listing = tools_run("ntfsls -p /folder/deep %s 2>/dev/null | wc -l", image_path);
	/* With `.`, or without. */
	ck_assert_int_ge(atoi(listing->data), 705);
	static const char *const files[] = {"folder/plain",       "folder/little",       "folder/deep/pieces",
					    "folder/deep/listed", "folder/deep/outside", "folder/deep/never",
					    "folder/deep/sparse", "folder/link",         "packed"};
	size_t count = sizeof files / sizeof files[0] - (shapes[_i].cluster > 4096);
	for (size_t i = 0; i < count; i++) {
		tally_ntfs_file *file = open_stream(record_of(files[i]), "");
		const test_text *bytes = tools_run("ntfscat %s %s 2>/dev/null", image_path, files[i]);
		ck_assert_uint_eq(bytes->size, file->stream.size);
		uint8_t *mine = read_whole(file);
		ck_assert_msg(memcmp(mine, bytes->data, bytes->size) == 0, "%s", files[i]);
		free(mine);
		tally_ntfs_file_close(file);
	}
	close_volume();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {image_of_windows_is_read, 0},
	    {volume_of_mkntfs_is_read, sizeof cluster_sizes / sizeof cluster_sizes[0]},
	    {sleuth_kit_reads_the_same, sizeof shapes / sizeof shapes[0]},
	    {ntfs_3g_reads_the_same, sizeof shapes / sizeof shapes[0]},
	    {NULL, 0},
	};
	static const char *const tools[] = {OF_MKNTFS, OF_SLEUTH_KIT, OF_NTFS_3G, NULL};
	static const char *const unpacker[] = {"zstd", NULL};
	if (!tools_any(tools) && (shared_path(PACKED_IMAGE) == NULL || !tools_any(unpacker)))
		return TOOLS_SKIPPED;
	return fixture_run("ntfs_oracle", tests);
}
