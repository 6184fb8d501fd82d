/* SPDX-License-Identifier: Apache-2.0 */
/* The volume's bytes: boot sector, data, and where everything lies. Its metadata is made by bitlocker_metadata.c. */
#include "maker/bitlocker_writer.h"

#include "maker/bitlocker_metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 20)
#define STEP 65536

_Noreturn void bitlocker_die(const char *what)
{
	fprintf(stderr, "bitlocker_writer: %s: %s\n", what, strerror(errno));
	exit(99);
}

const char *bitlocker_fault_name(bitlocker_fault fault)
{
#define NAME(constant, name) name,
	static const char *const names[] = {BITLOCKER_FAULTS(NAME)};
#undef NAME
	return names[fault];
}

uint64_t bitlocker_volume_size(uint64_t plain_size)
{
	return (plain_size + STEP - 1) / STEP * STEP + 6 * STEP;
}

bitlocker_layout bitlocker_layout_of(uint64_t plain_size, const bitlocker_options *options)
{
	bitlocker_layout layout = {
	    .size = bitlocker_volume_size(plain_size),
	    .header = options->header,
	    .header_size = options->header_size != 0 ? options->header_size : 8192,
	    .sector_size = options->sector_size != 0 ? options->sector_size : 512,
	    .method = options->method != 0 ? options->method : 0x8004,
	};
	memcpy(layout.metadata, options->metadata, sizeof layout.metadata);
	if (options->header == 0) {
		const uint64_t behind = layout.size - 6 * STEP;
		layout.header = behind + STEP;
		for (unsigned i = 0; i < 3; i++)
			layout.metadata[i] = behind + 2 * STEP * i;
	}
	if (options->fault == BITLOCKER_OVERLAPPING)
		for (unsigned i = 1; i < 3; i++)
			layout.metadata[i] = layout.metadata[0] + 20480 * i;
	for (unsigned i = 0; i < 3; i++)
		if (options->fault == BITLOCKER_OUTSIDE_3 || (options->fault == BITLOCKER_OUTSIDE_1 && i == 0))
			layout.metadata[i] += layout.size;
	return layout;
}

/* ---- where the bytes are ---- */

typedef struct store {
	uint8_t *memory; /* or */
	int fd;
	uint64_t offset;
} store;

static void get(const store *s, uint64_t at, uint8_t *bytes, size_t size)
{
	if (s->memory != NULL) {
		memcpy(bytes, s->memory + at, size);
		return;
	}
	memset(bytes, 0, size); /* beyond the end there will be zeros */
	for (size_t done = 0; done < size;) {
		ssize_t got = pread(s->fd, bytes + done, size - done, (off_t)(s->offset + at + done));
		if (got < 0)
			bitlocker_die("reading");
		if (got == 0)
			break;
		done += (size_t)got;
	}
}

static void put(const store *s, uint64_t at, const uint8_t *bytes, size_t size)
{
	if (s->memory != NULL) {
		memcpy(s->memory + at, bytes, size);
		return;
	}
	for (size_t done = 0; done < size;) {
		ssize_t written = pwrite(s->fd, bytes + done, size - done, (off_t)(s->offset + at + done));
		if (written <= 0)
			bitlocker_die("writing");
		done += (size_t)written;
	}
}

/* ---- sectors ---- */

typedef struct sealer {
	bitlocker_layout layout;
	EVP_CIPHER_CTX *data, *vector, *diffuser;
} sealer;

static EVP_CIPHER_CTX *cipher(const EVP_CIPHER *kind, const uint8_t *key)
{
	EVP_CIPHER_CTX *made = EVP_CIPHER_CTX_new();
	if (made == NULL || EVP_EncryptInit_ex(made, kind, NULL, key, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(made, 0) != 1)
		bitlocker_die("no cipher");
	return made;
}

static sealer begin_sealing(const bitlocker_layout *layout, const uint8_t key[64])
{
	const bool large = (layout->method & 1) != 0;
	sealer s = {.layout = *layout};
	if (layout->method >= 0x8004) {
		s.data = cipher(large ? EVP_aes_256_xts() : EVP_aes_128_xts(), key);
		return s;
	}
	s.data = cipher(large ? EVP_aes_256_cbc() : EVP_aes_128_cbc(), key);
	s.vector = cipher(large ? EVP_aes_256_ecb() : EVP_aes_128_ecb(), key);
	s.diffuser = cipher(large ? EVP_aes_256_ecb() : EVP_aes_128_ecb(), key + 32);
	return s;
}

static void end_sealing(sealer *s)
{
	EVP_CIPHER_CTX_free(s->data);
	EVP_CIPHER_CTX_free(s->vector);
	EVP_CIPHER_CTX_free(s->diffuser);
}

static void encipher(EVP_CIPHER_CTX *with, uint8_t *bytes, size_t size)
{
	int written;
	if (EVP_EncryptUpdate(with, bytes, &written, bytes, (int)size) != 1 || (size_t)written != size)
		bitlocker_die("enciphering");
}

static void put_number(uint8_t block[16], uint64_t number)
{
	memset(block, 0, 16);
	for (unsigned i = 0; i < 8; i++)
		block[i] = (uint8_t)(number >> 8 * i);
}

static uint32_t rotate(uint32_t word, unsigned by)
{
	return by == 0 ? word : word << by | word >> (32 - by);
}

/* Ferguson's paper, in its own order: the sector key, then the A diffuser, then the B diffuser, backwards each. */
static void diffuse(uint8_t *sector, size_t size, const uint8_t key[32])
{
	static const unsigned rotate_a[4] = {9, 0, 13, 0}, rotate_b[4] = {0, 10, 0, 25};
	uint32_t d[1024];
	const size_t n = size / 4;
	for (size_t i = 0; i < size; i++)
		sector[i] ^= key[i % 32];
	memcpy(d, sector, size);
	for (size_t i = 5 * n; i-- > 0;)
		d[i % n] -= d[(i + n - 2) % n] ^ rotate(d[(i + n - 5) % n], rotate_a[i % 4]);
	for (size_t i = 3 * n; i-- > 0;)
		d[i % n] -= d[(i + 2) % n] ^ rotate(d[(i + 5) % n], rotate_b[i % 4]);
	memcpy(sector, d, size);
}

static void seal_sector(sealer *s, uint64_t at, uint8_t *sector)
{
	const uint32_t size = s->layout.sector_size;
	uint8_t vector[16], key[32];
	put_number(vector, s->layout.method >= 0x8004 ? at / size : at);
	if (s->layout.method < 0x8002) {
		put_number(key, at);
		put_number(key + 16, at);
		key[31] = 128;
		encipher(s->diffuser, key, sizeof key);
		diffuse(sector, size, key);
	}
	if (s->vector != NULL)
		encipher(s->vector, vector, sizeof vector);
	if (EVP_EncryptInit_ex(s->data, NULL, NULL, NULL, vector) != 1)
		bitlocker_die("enciphering");
	encipher(s->data, sector, size);
}

static void seal(sealer *s, uint64_t at, uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size; done += s->layout.sector_size)
		seal_sector(s, at + done, bytes + done);
}

/* ---- the volume ---- */

static void seal_data(sealer *s, const store *where)
{
	uint8_t *piece = malloc(PIECE);
	if (piece == NULL)
		bitlocker_die("memory");
	/* What was in front is kept where the header lies; it is sealed with that place's numbers. */
	uint8_t *header = malloc((size_t)s->layout.header_size);
	if (header == NULL)
		bitlocker_die("memory");
	get(where, 0, header, (size_t)s->layout.header_size);
	for (uint64_t at = s->layout.header_size; at < s->layout.size; at += PIECE) {
		const size_t size = s->layout.size - at < PIECE ? (size_t)(s->layout.size - at) : PIECE;
		get(where, at, piece, size);
		seal(s, at, piece, size);
		put(where, at, piece, size);
	}
	seal(s, s->layout.header, header, (size_t)s->layout.header_size);
	put(where, s->layout.header, header, (size_t)s->layout.header_size);
	free(header);
	free(piece);
}

static void wrap(const store *where, uint64_t plain_size, const bitlocker_options *options)
{
	const bitlocker_layout layout = bitlocker_layout_of(plain_size, options);
	uint8_t boot[512], *block = calloc(1, BITLOCKER_BLOCK), key[64];
	if (block == NULL)
		bitlocker_die("memory");
	const size_t size = bitlocker_metadata(&layout, options, block, key);
	sealer s = begin_sealing(&layout, key);
	seal_data(&s, where);
	end_sealing(&s);
	for (unsigned i = 0; i < 3; i++) {
		const unsigned bad = options->fault >= BITLOCKER_CRC_1 && options->fault <= BITLOCKER_CRC_3
					 ? (unsigned)(options->fault - BITLOCKER_CRC_1) + 1
					 : 0;
		block[100] ^= i < bad; /* the set's nonce counter: only the checksum knows */
		if (layout.metadata[i] < layout.size)
			put(where, layout.metadata[i], block, size);
		block[100] ^= i < bad;
	}
	bitlocker_boot_sector(&layout, options, boot);
	put(where, 0, boot, sizeof boot);
	free(block);
}

void bitlocker_wrap_file(const char *path, uint64_t offset, uint64_t plain_size, const bitlocker_options *options)
{
	store where = {.fd = open(path, O_RDWR | O_CLOEXEC), .offset = offset};
	if (where.fd < 0)
		bitlocker_die(path);
	wrap(&where, plain_size, options);
	if (close(where.fd) != 0)
		bitlocker_die(path);
}

uint8_t *bitlocker_wrap(const void *plain, size_t plain_size, const bitlocker_options *options, size_t *volume_size)
{
	*volume_size = (size_t)bitlocker_volume_size(plain_size);
	store where = {.memory = calloc(1, *volume_size)};
	if (where.memory == NULL)
		bitlocker_die("memory");
	memcpy(where.memory, plain, plain_size);
	wrap(&where, plain_size, options);
	return where.memory;
}

uint8_t *bitlocker_expected(const void *plain, size_t plain_size, const bitlocker_options *options)
{
	const bitlocker_layout layout = bitlocker_layout_of(plain_size, options);
	uint8_t *expected = calloc(1, (size_t)layout.size);
	if (expected == NULL)
		bitlocker_die("memory");
	memcpy(expected, plain, plain_size);
	for (unsigned i = 0; i < 3; i++)
		if (layout.metadata[i] < layout.size)
			memset(expected + layout.metadata[i], 0, BITLOCKER_BLOCK);
	memset(expected + layout.header, 0, (size_t)layout.header_size);
	return expected;
}
