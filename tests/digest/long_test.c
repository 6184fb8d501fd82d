/* SPDX-License-Identifier: Apache-2.0 */
/* Segments longer than 32 bits can count, in one piece and in many. */
#include "digest/segments.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LENGTH ((UINT64_C(1) << 32) + 65)

/* head -c 4294967361 /dev/zero | md5sum */
static const uint8_t expected[TALLY_MD5_SIZE] = {0x6a, 0xe9, 0x69, 0x28, 0xb0, 0x77, 0x44, 0xbd,
						 0xab, 0xfe, 0x9d, 0xd4, 0xce, 0x7b, 0x77, 0x67};

START_TEST(over_4_gib)
{
	tally_digest *digest = open_kernel(_i, false);
	if (digest == NULL)
		return;
	/* Never written to: every page of it is the one page of zeros. */
	uint8_t *zeros = mmap(NULL, LENGTH, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert_ptr_ne(zeros, MAP_FAILED);
	/* Enough of them for the kernel to be worth using, to the end. */
	size_t count;
	const unsigned worth = tally_md5_kernels(&count)[_i].worth;
	test_segment segments[TALLY_DIGEST_LANES_MAX] = {{0}};
	for (unsigned i = 0; i < worth; i++)
		segments[i] = (test_segment){
		    .data = zeros, .size = LENGTH, .piece = i % 2 != 0 ? (size_t)1 << 20 : 0, .lend = true};
	ck_assert_int_eq(run_segments(digest, segments, worth), TALLY_OK);
	for (unsigned i = 0; i < worth; i++) {
		ck_assert_mem_eq(segments[i].result.md5, expected, sizeof expected);
		ck_assert_uint_eq(segments[i].result.size, LENGTH);
	}
	munmap(zeros, LENGTH);
	tally_digest_free(digest);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest/long");
	TCase *tcase = tcase_create("long");
	tcase_set_timeout(tcase, 800);
	tcase_add_loop_test(tcase, over_4_gib, 0, kernel_count());
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
