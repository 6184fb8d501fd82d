/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast the MD5 kernels are against OpenSSL, on one core: digest_bench [ROUNDS]
 *
 * All contenders take turns within each round, so that a machine that is busy with other things slows down all of them;
 * a ratio is the median of the rounds' ratios. Time is the processor time of the thread.
 */
#include "base/memory.h"
#include "digest/digest.h"
#include "digest/md5_kernel.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ROUNDS_MAX 999
#define ROOM ((size_t)256 << 20)

/* `bytes` in segments of `size`, taken from the first `span` bytes over and over. */
typedef struct bench_load {
	const char *name;
	size_t size, span, bytes;
} bench_load;

static const bench_load loads[] = {
    {"8 KiB, from cache", 8 << 10, 512 << 10, 64 << 20},
    {"16 KiB, from memory", 16 << 10, ROOM, ROOM},
    {"4 MiB, from memory", 4 << 20, ROOM, ROOM},
};

typedef struct contender {
	const char *name;
	unsigned lanes;
	tally_digest *digest; /* NULL: OpenSSL */
	double nanoseconds_per_byte[ROUNDS_MAX], ratio[ROUNDS_MAX];
} contender;

typedef struct bench_job {
	const bench_load *load;
	const uint8_t *data;
	bool taken[TALLY_DIGEST_LANES_MAX];
	uint8_t (*md5)[TALLY_MD5_SIZE]; /* of every segment; NULL: not wanted */
} bench_job;

static const uint8_t *segment_data(const bench_load *load, const uint8_t *data, size_t index)
{
	return data + index % (load->span / load->size) * load->size;
}

static tally_piece next(void *context, size_t index, unsigned lane, const uint8_t **piece, size_t *size)
{
	bench_job *job = context;
	job->taken[lane] = !job->taken[lane];
	if (!job->taken[lane])
		return TALLY_PIECE_END;
	*piece = segment_data(job->load, job->data, index);
	*size = job->load->size;
	return TALLY_PIECE_DATA;
}

static void done(void *context, size_t index, unsigned lane, const tally_digest_result *result)
{
	bench_job *job = context;
	(void)lane;
	if (job->md5 != NULL)
		memcpy(job->md5[index], result->md5, TALLY_MD5_SIZE);
}

static void fail(const char *what)
{
	fprintf(stderr, "digest_bench: %s\n", what);
	exit(EXIT_FAILURE);
}

static void run(tally_digest *digest, const bench_load *load, const uint8_t *data, size_t bytes,
		uint8_t (*md5)[TALLY_MD5_SIZE])
{
	bench_job job = {.load = load, .data = data, .md5 = md5};
	const tally_digest_source source = {.context = &job, .next = next, .done = done};
	if (tally_digest_run(digest, &source, bytes / load->size, NULL) != TALLY_OK)
		fail("a run failed");
}

static void run_openssl(tally_md5 *stream, const bench_load *load, const uint8_t *data, size_t bytes,
			uint8_t (*md5)[TALLY_MD5_SIZE])
{
	uint8_t out[TALLY_MD5_SIZE];
	for (size_t i = 0; i < bytes / load->size; i++)
		if (tally_md5_begin(stream, NULL) != TALLY_OK ||
		    tally_md5_update(stream, segment_data(load, data, i), load->size, NULL) != TALLY_OK ||
		    tally_md5_end(stream, md5 != NULL ? md5[i] : out, NULL) != TALLY_OK)
			fail("OpenSSL failed");
}

static double processor_time(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
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

/* A fast wrong digest is worth nothing. */
static void check(contender *contenders, size_t count, tally_md5 *stream, const bench_load *load, const uint8_t *data)
{
	const size_t bytes = load->bytes < ROOM / 4 ? load->bytes : ROOM / 4;
	const size_t size = bytes / load->size * TALLY_MD5_SIZE;
	uint8_t(*expected)[TALLY_MD5_SIZE] = tally_alloc(size), (*actual)[TALLY_MD5_SIZE] = tally_alloc(size);
	if (expected == NULL || actual == NULL)
		fail("out of memory");
	run_openssl(stream, load, data, bytes, expected);
	for (size_t i = 0; i < count; i++) {
		if (contenders[i].digest == NULL)
			continue;
		memset(actual, 0, size);
		run(contenders[i].digest, load, data, bytes, actual);
		if (memcmp(actual, expected, size) != 0)
			fail("a kernel computes wrong digests");
	}
	tally_free(expected);
	tally_free(actual);
}

static void measure(contender *contenders, size_t count, tally_md5 *stream, const bench_load *load, const uint8_t *data,
		    size_t rounds)
{
	for (size_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < count; i++) {
			/* A slow contender gets less to do; OpenSSL is the first. */
			const size_t bytes = contenders[i].lanes == 1 ? load->bytes / 8 : load->bytes;
			double start = processor_time();
			if (contenders[i].digest == NULL)
				run_openssl(stream, load, data, bytes, NULL);
			else
				run(contenders[i].digest, load, data, bytes, NULL);
			contenders[i].nanoseconds_per_byte[round] = (processor_time() - start) / (double)bytes;
			contenders[i].ratio[round] =
			    contenders[0].nanoseconds_per_byte[round] / contenders[i].nanoseconds_per_byte[round];
		}
	printf("\n%s\n%-22s %5s  %11s %10s  %s\n", load->name, "", "lanes", "median GB/s", "best GB/s", "x OpenSSL");
	for (size_t i = 0; i < count; i++) {
		double middle = median(contenders[i].nanoseconds_per_byte, rounds);
		double best = contenders[i].nanoseconds_per_byte[0];
		printf("%-22s %5u  %11.2f %10.2f  %9.2f\n", contenders[i].name, contenders[i].lanes, 1 / middle,
		       1 / best, median(contenders[i].ratio, rounds));
	}
}

int main(int argc, char **argv)
{
	const size_t rounds = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 15;
	if (rounds < 1 || rounds > ROUNDS_MAX)
		fail("usage: digest_bench [ROUNDS]");
	size_t kernels, count = 1;
	const tally_md5_kernel *kernel = tally_md5_kernels(&kernels);
	contender *contenders = tally_zalloc(1 + 2 * kernels, sizeof *contenders);
	char(*names)[32] = tally_zalloc(kernels, sizeof *names);
	uint8_t *data = tally_alloc(ROOM);
	tally_md5 *stream;
	if (contenders == NULL || names == NULL || data == NULL || tally_md5_new(&stream, NULL) != TALLY_OK)
		fail("out of memory, or OpenSSL has no MD5");
	contenders[0] = (contender){.name = "OpenSSL", .lanes = 1};
	for (size_t i = 0; i < 2 * kernels; i++) {
		const tally_digest_options options = {.kernel = kernel[i / 2].name, .crc64 = i % 2 != 0};
		contender *made = &contenders[count];
		if (tally_digest_new(&options, &made->digest, NULL) != TALLY_OK)
			continue;
		snprintf(names[i / 2], sizeof names[i / 2], "%s with crc64", options.kernel);
		made->name = options.crc64 ? names[i / 2] : options.kernel;
		made->lanes = tally_digest_lanes(made->digest);
		count++;
	}
	uint32_t random = 1;
	for (size_t i = 0; i < ROOM; i++)
		data[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);

	for (size_t i = 0; i < COUNT(loads); i++) {
		check(contenders, count, stream, &loads[i], data);
		measure(contenders, count, stream, &loads[i], data, rounds);
	}
	for (size_t i = 1; i < count; i++)
		tally_digest_free(contenders[i].digest);
	tally_md5_free(stream);
	tally_free(contenders);
	tally_free(names);
	tally_free(data);
	return EXIT_SUCCESS;
}
