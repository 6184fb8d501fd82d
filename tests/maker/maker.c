/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/maker.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 18)
#define SEGMENT_SIZE (UINT64_C(4) << 20)

const char maker_bitlocker_key[] = "000011-000022-000033-000044-000055-000066-000077-000088";
/* Base64 of 64 zero bytes, so that nobody mistakes it for a key. */
static const char account_key[] =
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

struct maker {
	maker_options options;
	FILE *manifest;
	char manifest_path[4096];
	EVP_MD_CTX *md5;
	uint64_t blobs;
	unsigned char *chunk;
};

static _Noreturn void die(const char *what, const char *path)
{
	fprintf(stderr, "maker: %s %s: %s\n", what, path, strerror(errno));
	exit(99);
}

uint64_t maker_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0777) != 0 && errno != EEXIST)
			die("mkdir", path);
		*slash = '/';
	}
}

/* The local path of a file on the drive; its folders exist afterwards. */
static void local_path(const maker *m, const char *file_path, char *out, size_t size)
{
	int length = snprintf(out, size, "%s%s%s", m->options.drive, file_path[0] == '\\' ? "" : "/", file_path);
	if (length < 0 || (size_t)length >= size)
		die("path too long", file_path);
	for (char *c = out + strlen(m->options.drive); *c != '\0'; c++)
		if (*c == '\\')
			*c = '/';
	make_folders(out);
}

static void write_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

static void write_hex(FILE *out, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fprintf(out, "%02X", bytes[i]);
}

maker *maker_begin(const maker_options *options)
{
	maker *m = calloc(1, sizeof *m);
	if (m == NULL || (m->chunk = malloc(CHUNK)) == NULL || (m->md5 = EVP_MD_CTX_new()) == NULL)
		die("out of memory", "");
	m->options = *options;
	if (m->options.drive_id == NULL)
		m->options.drive_id = "9WM35C2V";
	if (m->options.manifest == NULL)
		m->options.manifest = "\\DriveManifest.xml";
	local_path(m, m->options.manifest, m->manifest_path, sizeof m->manifest_path);
	m->manifest = fopen(m->manifest_path, "wb+");
	if (m->manifest == NULL)
		die("open", m->manifest_path);
	fprintf(m->manifest,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DriveManifest Version=\"2014-11-01\">\n  <Drive>\n"
		"    <DriveId>%s</DriveId>\n",
		m->options.drive_id);
	if (options->export_drive) {
		fputs("    <ClientCreator>Windows Azure Import/Export service</ClientCreator>\n", m->manifest);
	} else if (options->container_sas != NULL) {
		fputs("    <ContainerSas>", m->manifest);
		write_text(m->manifest, options->container_sas);
		fputs("</ContainerSas>\n", m->manifest);
	} else
		fprintf(m->manifest, "    <StorageAccountKey>%s</StorageAccountKey>\n", account_key);
	fputs("    <BlobList>\n", m->manifest);
	return m;
}

/* Deterministic content; each file has its own, so that files that are swapped are found out. */
static void fill(unsigned char *chunk, size_t size, uint64_t *state)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t word = maker_random(state);
		memcpy(chunk + i, &word, size - i < 8 ? size - i : 8);
	}
}

static void write_segment(maker *m, const maker_blob *blob, int fd, uint64_t offset, uint64_t size, uint64_t *state)
{
	unsigned char md5[16];
	if (m->options.manifest_only) {
		fill(md5, sizeof md5, state);
	} else {
		EVP_DigestInit_ex(m->md5, EVP_md5(), NULL);
		for (uint64_t left = size; left > 0;) {
			size_t n = left < CHUNK ? (size_t)left : CHUNK;
			fill(m->chunk, n, state);
			EVP_DigestUpdate(m->md5, m->chunk, n);
			if (write(fd, m->chunk, n) != (ssize_t)n)
				die("write", blob->blob_path);
			left -= n;
		}
		EVP_DigestFinal_ex(m->md5, md5, NULL);
	}
	fprintf(m->manifest, "            <%s Offset=\"%llu\" Length=\"%llu\" ", blob->page ? "PageRange" : "Block",
		(unsigned long long)offset, (unsigned long long)size);
	if (blob->ids && !blob->page) {
		unsigned char id[32];
		EVP_EncodeBlock(id, md5, sizeof md5);
		fprintf(m->manifest, "Id=\"MD5/%s\" ", (const char *)id);
	}
	fputs("Hash=\"", m->manifest);
	write_hex(m->manifest, md5, sizeof md5);
	fputs("\" />\n", m->manifest);
}

static void write_side(maker *m, const char *element, const char *file_path, const char *suffix, const char *content,
		       const char *indent)
{
	char name[4096], path[8192];
	unsigned char md5[16];
	if (content == NULL)
		return;
	snprintf(name, sizeof name, "%s%s", file_path, suffix);
	EVP_Digest(content, strlen(content), md5, NULL, EVP_md5(), NULL);
	if (!m->options.manifest_only) {
		local_path(m, name, path, sizeof path);
		FILE *out = fopen(path, "wb");
		if (out == NULL || fputs(content, out) < 0 || fclose(out) != 0)
			die("write", path);
	}
	fprintf(m->manifest, "%s<%s Hash=\"", indent, element);
	write_hex(m->manifest, md5, sizeof md5);
	fputs("\">", m->manifest);
	write_text(m->manifest, name);
	fprintf(m->manifest, "</%s>\n", element);
}

void maker_list_files(maker *m, const char *metadata, const char *properties)
{
	write_side(m, "MetadataPath", "\\list", ".metadata.xml", metadata, "      ");
	write_side(m, "PropertiesPath", "\\list", ".properties.xml", properties, "      ");
}

static int create_file(const maker *m, const char *file_path)
{
	char path[8192];
	if (m->options.manifest_only)
		return -1;
	local_path(m, file_path, path, sizeof path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		die("open", path);
	return fd;
}

void maker_add(maker *m, const maker_blob *blob)
{
	char mirrored[4096];
	const char *file_path = blob->file_path;
	if (file_path == NULL) {
		snprintf(mirrored, sizeof mirrored, "\\%s", blob->blob_path);
		for (char *c = mirrored; *c != '\0'; c++)
			if (*c == '/')
				*c = '\\';
		file_path = mirrored;
	}
	uint64_t state =
	    (m->options.seed + 1) * UINT64_C(0x9E3779B97F4A7C15) ^ (++m->blobs * UINT64_C(0xD1B54A32D192ED03));
	uint64_t step = blob->segment_size != 0 ? blob->segment_size : SEGMENT_SIZE;
	int fd = create_file(m, file_path);
	fputs("      <Blob>\n        <BlobPath>", m->manifest);
	write_text(m->manifest, blob->blob_path);
	fputs("</BlobPath>\n        <FilePath>", m->manifest);
	write_text(m->manifest, file_path);
	fprintf(m->manifest, "</FilePath>\n        <Length>%llu</Length>\n", (unsigned long long)blob->size);
	if (!m->options.export_drive)
		fputs("        <ImportDisposition>rename</ImportDisposition>\n", m->manifest);
	fprintf(m->manifest, "        <%s>\n", blob->page ? "PageRangeList" : "BlockList");
	for (uint64_t at = 0; at < blob->size; at += step)
		write_segment(m, blob, fd, at, blob->size - at < step ? blob->size - at : step, &state);
	fprintf(m->manifest, "        </%s>\n", blob->page ? "PageRangeList" : "BlockList");
	write_side(m, "MetadataPath", file_path, ".metadata", blob->metadata, "        ");
	write_side(m, "PropertiesPath", file_path, ".properties", blob->properties, "        ");
	fputs("      </Blob>\n", m->manifest);
	if (fd >= 0 && close(fd) != 0)
		die("close", file_path);
}

void maker_end(maker *m)
{
	fputs("    </BlobList>\n  </Drive>\n</DriveManifest>\n", m->manifest);
	if (fflush(m->manifest) != 0)
		die("write", m->manifest_path);
}

void maker_edit(maker *m, const char *old, const char *new)
{
	fseek(m->manifest, 0, SEEK_END);
	size_t size = (size_t)ftell(m->manifest);
	char *text = calloc(1, size + 1);
	rewind(m->manifest);
	if (text == NULL || fread(text, 1, size, m->manifest) != size)
		die("read", m->manifest_path);
	char *at = strstr(text, old);
	if (at == NULL) {
		errno = 0;
		die("the manifest does not hold", old);
	}
	m->manifest = freopen(m->manifest_path, "wb+", m->manifest);
	if (m->manifest == NULL)
		die("open", m->manifest_path);
	fwrite(text, 1, (size_t)(at - text), m->manifest);
	fputs(new, m->manifest);
	fputs(at + strlen(old), m->manifest);
	if (fflush(m->manifest) != 0)
		die("write", m->manifest_path);
	free(text);
}

void maker_hash_file(const char *path, char hex[33])
{
	unsigned char chunk[4096], md5[16];
	FILE *in = fopen(path, "rb");
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (in == NULL || context == NULL)
		die("read", path);
	EVP_DigestInit_ex(context, EVP_md5(), NULL);
	for (size_t got; (got = fread(chunk, 1, sizeof chunk, in)) > 0;)
		EVP_DigestUpdate(context, chunk, got);
	EVP_DigestFinal_ex(context, md5, NULL);
	EVP_MD_CTX_free(context);
	fclose(in);
	for (size_t i = 0; i < sizeof md5; i++)
		snprintf(hex + 2 * i, 3, "%02X", md5[i]);
}

static void write_field(FILE *out, const char *element, const char *value)
{
	if (value == NULL)
		return;
	fprintf(out, "   <%s>", element);
	write_text(out, value);
	fprintf(out, "</%s>\n", element);
}

void maker_write_journal(const char *path, const maker_record *records, size_t count)
{
	FILE *out = fopen(path, "wb");
	if (out == NULL)
		die("open", path);
	fputs("[BeginUpdateRecord][2016/11/01 21:20:00.000][Type:NewJournalFile]\nVocabularyVersion: "
	      "2013-02-01\n[EndUpdateRecord]\n",
	      out);
	for (size_t i = 0; i < count; i++) {
		fputs("[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]\nActivityId: "
		      "DriveInfo\nDriveState: [BeginValue]\n"
		      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Drive>\n",
		      out);
		write_field(out, "DriveId", records[i].drive_id);
		write_field(out, "BitLockerKey", records[i].bitlocker_key);
		write_field(out, "ManifestFile", records[i].manifest_file);
		write_field(out, "ManifestHash", records[i].manifest_hash);
		fputs("</Drive>\n[EndValue]\nSaveCommandOutput: Completed\n[EndUpdateRecord]\n", out);
	}
	if (fclose(out) != 0)
		die("write", path);
}

void maker_seal(maker *m)
{
	const maker_options *o = &m->options;
	fclose(m->manifest);
	if (o->journal != NULL) {
		char hash[33];
		maker_hash_file(m->manifest_path, hash);
		maker_record record = {
		    .drive_id = o->record.drive_id != NULL ? o->record.drive_id : o->drive_id,
		    .bitlocker_key = o->record.bitlocker_key != NULL ? o->record.bitlocker_key : maker_bitlocker_key,
		    .manifest_file = o->record.manifest_file != NULL ? o->record.manifest_file : o->manifest,
		    .manifest_hash = o->record.manifest_hash != NULL ? o->record.manifest_hash : hash,
		};
		maker_write_journal(o->journal, &record, 1);
	}
	EVP_MD_CTX_free(m->md5);
	free(m->chunk);
	free(m);
}
