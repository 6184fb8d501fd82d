/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other readers of BitLocker on what the writer of these tests wrote, so that the writer and the reader of one house
 * can't share a mistake. Skipped where they aren't installed.
 */
#include "volume.h"

#include "support/tools.h"

#include <fcntl.h>
#include <unistd.h>

static char folder[] = "/tmp/tallyman-bitlocker-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void save(const char *name, const void *bytes, size_t size)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

/* Exit status of a command of the shell in the folder. */
static int run(const char *command)
{
	return tools_status("cd %s && { %s; }", folder, command);
}

static void clear(void)
{
	run("rm -f volume key out");
	rmdir(folder);
}

#define TEST_KEY "cryptsetup open --type bitlk --test-passphrase --key-file=key volume"

/* The right key and a wrong one, for a method of each kind: what differs between the others is in the FVEK alone. */
START_TEST(cryptsetup_takes_what_was_written)
{
	static const bitlocker_options kinds[] = {{.method = 0x8004, .seed = 21},
						  {.method = 0x8002, .sector_size = 4096, .seed = 22}};
	bitlocker_options options = kinds[_i];
	char digits[56], others[56];
	bitlocker_recovery(3, digits);
	bitlocker_recovery(4, others);
	options.recovery[0] = digits;
	if (!tools_have("cryptsetup"))
		return;
	ck_assert_ptr_nonnull(mkdtemp(folder));
	volume v = volume_make(1024 * KIB, &options);
	save("volume", v.stored, v.size);
	save("key", digits, 55);
	ck_assert_int_eq(run(TEST_KEY), 0);
	save("key", others, 55);
	ck_assert_int_ne(run(TEST_KEY), 0);
	clear();
	volume_close(&v);
}
END_TEST

/* The diffuser is nowhere else: no image of Windows has it. */
START_TEST(dislocker_reads_the_same)
{
	static const uint16_t methods[] = {0x8000, 0x8001};
	char digits[56], command[256];
	bitlocker_recovery(5, digits);
	const bitlocker_options options = {
	    .method = methods[_i], .recovery = {digits}, .external_key = external_key, .seed = 23};
	if (!tools_have("dislocker-file"))
		return;
	ck_assert_ptr_nonnull(mkdtemp(folder));
	volume v = volume_make(1024 * KIB, &options);
	save("volume", v.stored, v.size);
	snprintf(command, sizeof command, "dislocker-file -V volume -p%s -- out", digits);
	ck_assert_int_eq(run(command), 0);
	test_text out = file_read(path_of("out"));
	ck_assert_uint_ge(out.size, v.plain_size);
	ck_assert_int_eq(memcmp(out.data, v.expected, v.plain_size), 0);
	volume_unlock(&v);
	expect_all(&v, 33333);
	text_clear(&out);
	clear();
	volume_close(&v);
}
END_TEST

int main(void)
{
	static const char *const tools[] = {"cryptsetup", "dislocker-file", NULL};
	if (!tools_any(tools))
		return TOOLS_SKIPPED;
	const suite_test tests[] = {{cryptsetup_takes_what_was_written, 2}, {dislocker_reads_the_same, 2}, {NULL, 0}};
	return suite_run("bitlocker_oracle", tests);
}
