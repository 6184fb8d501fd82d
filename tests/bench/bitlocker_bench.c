/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast sectors are deciphered, on one core: bitlocker_bench [ROUNDS] [passes]
 *
 * With `passes` XTS is done as on processors that can't do it in one (drive/bitlocker/xts.h).
 *
 * Beside it what OpenSSL does with the same bytes: bare AES blocks (ECB), the same mode in one call as if all of it
 * were one sector, and a call for each sector. All take turns within each round; a ratio is the median of the rounds'
 * ratios. Time is the processor time of the thread.
 */
#include "drive/bitlocker/bitlocker.h"
#include "drive/bitlocker/sectors.h"
#include "maker/bitlocker_writer.h"
#include "maker/maker.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MAX 999
#define ROOM ((size_t)1 << 20) /* what a worker reads at a time */
#define TURN 16                /* times that, each round */

enum { OURS, BLOCKS, WHOLE, SECTORS, CONTENDERS };

typedef struct bench {
	tally_volume_key key;
	tally_sectors *sectors;
	bool passes;
	EVP_CIPHER_CTX *blocks, *whole;
	uint8_t *data;
	double seconds[CONTENDERS][ROUNDS_MAX], ratio[CONTENDERS][ROUNDS_MAX];
} bench;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "bitlocker_bench: %s\n", what);
	exit(EXIT_FAILURE);
}

static double processor_time(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

/* A fast wrong sector is worth nothing: a whole volume first. */
static void check(uint16_t method, uint32_t sector_size)
{
	static const uint8_t external[TALLY_BITLOCKER_EXTERNAL_KEY] = "an external key of 32 bytes size";
	const bitlocker_options options = {
	    .method = method, .sector_size = sector_size, .external_key = external, .seed = method};
	uint64_t random = method;
	size_t size;
	uint8_t *plain = malloc(ROOM);
	for (size_t i = 0; plain != NULL && i < ROOM; i++)
		plain[i] = (uint8_t)(maker_random(&random) >> 32);
	if (plain == NULL)
		fail("out of memory");
	uint8_t *stored = bitlocker_wrap(plain, ROOM, &options, &size);
	tally_layer *layer;
	tally_bitlocker *volume;
	tally_bitlocker_key *key;
	tally_bitlocker_outcome outcome;
	uint8_t *read = malloc(ROOM);
	if (read == NULL || tally_layer_open_memory(stored, size, &layer, NULL) != TALLY_OK ||
	    tally_bitlocker_open(layer, &volume, &outcome, NULL) != TALLY_OK || volume == NULL ||
	    tally_bitlocker_key_from_bytes(external, &key, NULL) != TALLY_OK ||
	    tally_bitlocker_unlock(volume, key, NULL, NULL, &outcome, NULL) != TALLY_OK ||
	    tally_bitlocker_layer(volume) == NULL ||
	    tally_layer_read_all(tally_bitlocker_layer(volume), 0, read, ROOM) != 0 || memcmp(read, plain, ROOM) != 0)
		fail("a volume is read wrongly");
	tally_bitlocker_key_free(key);
	tally_bitlocker_close(volume);
	tally_layer_close(layer);
	free(read);
	free(stored);
	free(plain);
}

static EVP_CIPHER_CTX *cipher(const EVP_CIPHER *kind, const uint8_t *key)
{
	static const uint8_t vector[16];
	EVP_CIPHER_CTX *made = EVP_CIPHER_CTX_new();
	if (made == NULL || EVP_DecryptInit_ex(made, kind, NULL, key, vector) != 1 ||
	    EVP_CIPHER_CTX_set_padding(made, 0) != 1)
		fail("OpenSSL has no such cipher");
	return made;
}

static void begin(bench *b, uint16_t method, uint32_t sector_size)
{
	const bool large = (method & 1) != 0;
	b->key = (tally_volume_key){.method = method, .sector_size = sector_size};
	for (unsigned i = 0; i < TALLY_VOLUME_KEY_MAX; i++)
		b->key.bytes[i] = (uint8_t)(i * 37 + 11);
	b->sectors = tally_sectors_new(&b->key);
	if (b->sectors == NULL)
		fail("out of memory");
	if (b->passes && !tally_sectors_take_passes(b->sectors, &b->key))
		fail("out of memory");
	b->blocks = cipher(large ? EVP_aes_256_ecb() : EVP_aes_128_ecb(), b->key.bytes);
	b->whole = method >= 0x8004 ? cipher(large ? EVP_aes_256_xts() : EVP_aes_128_xts(), b->key.bytes)
				    : cipher(large ? EVP_aes_256_cbc() : EVP_aes_128_cbc(), b->key.bytes);
}

static void end(bench *b)
{
	tally_sectors_free(b->sectors);
	EVP_CIPHER_CTX_free(b->blocks);
	EVP_CIPHER_CTX_free(b->whole);
}

/* Each sector with a vector of its own; where that comes from is not even counted. */
static bool decipher_sectors(bench *b)
{
	uint8_t vector[16] = {0};
	int written;
	for (size_t at = 0; at < ROOM; at += b->key.sector_size) {
		memcpy(vector, &at, sizeof at);
		if (EVP_DecryptInit_ex(b->whole, NULL, NULL, NULL, vector) != 1 ||
		    EVP_DecryptUpdate(b->whole, b->data + at, &written, b->data + at, (int)b->key.sector_size) != 1)
			return false;
	}
	return true;
}

static bool decipher(bench *b, unsigned contender)
{
	int written;
	switch (contender) {
	case OURS:
		return tally_sectors_decrypt(b->sectors, ROOM, b->data, ROOM);
	case BLOCKS:
		return EVP_DecryptUpdate(b->blocks, b->data, &written, b->data, (int)ROOM) == 1;
	case WHOLE:
		return EVP_DecryptUpdate(b->whole, b->data, &written, b->data, (int)ROOM) == 1;
	default:
		return decipher_sectors(b);
	}
}

static void measure(bench *b, size_t rounds)
{
	for (size_t round = 0; round < rounds; round++)
		for (unsigned c = 0; c < CONTENDERS; c++) {
			const double start = processor_time();
			for (unsigned i = 0; i < TURN; i++)
				if (!decipher(b, c))
					fail("OpenSSL failed");
			b->seconds[c][round] = processor_time() - start;
			b->ratio[c][round] = b->seconds[c][round] / b->seconds[OURS][round];
		}
	printf("%-26s %4u ", tally_bitlocker_method_name(b->key.method), b->key.sector_size);
	for (unsigned c = 0; c < CONTENDERS; c++)
		printf(" %9.0f", (double)ROOM * TURN / 1e6 / median(b->seconds[c], rounds));
	for (unsigned c = BLOCKS; c < CONTENDERS; c++)
		printf("  %8.2f", median(b->ratio[c], rounds));
	printf("\n");
}

int main(int argc, char **argv)
{
	const size_t rounds = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 15;
	if (rounds < 1 || rounds > ROUNDS_MAX || argc > 3 || (argc == 3 && strcmp(argv[2], "passes") != 0))
		fail("usage: bitlocker_bench [ROUNDS] [passes]");
	bench *b = calloc(1, sizeof *b);
	if (b == NULL || (b->data = aligned_alloc(4096, ROOM)) == NULL)
		fail("out of memory");
	b->passes = argc == 3;
	memset(b->data, 0x5a, ROOM);
	printf("%-26s %4s  %9s %9s %9s %9s  %28s\n", "", "", "", "AES", "one call", "one each",
	       "ours is so many times");
	printf("%-26s %4s  %9s %9s %9s %9s  %8s  %8s  %8s\n", "MB/s", "", "ours", "(ECB)", "in all", "sector", "AES",
	       "one call", "one each");
	for (uint32_t sector_size = 512; sector_size <= 4096; sector_size *= 8)
		for (uint16_t method = 0x8000; method <= 0x8005; method++) {
			check(method, sector_size);
			begin(b, method, sector_size);
			measure(b, rounds);
			end(b);
		}
	free(b->data);
	free(b);
	return EXIT_SUCCESS;
}
