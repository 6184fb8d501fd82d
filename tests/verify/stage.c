/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/stage.h"

#include "io/pages.h"
#include "support/folder.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define NOBODY 65534

static const char list_metadata[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Metadata>\n  <Source>list</Source>\n</Metadata>\n";
static const char list_properties[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Properties>\n  "
				      "<Content-Type>image/jpeg</Content-Type>\n</Properties>\n";
static const char own_metadata[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Metadata>\n  <Source>disk</Source>\n</Metadata>\n";
static const char own_properties[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Properties>\n  "
				     "<Cache-Control>no-cache</Cache-Control>\n</Properties>\n";

void stage_open(stage *s)
{
	const char *place = getenv("TMPDIR");
	*s = (stage){0};
	int size = snprintf(s->root, sizeof s->root, "%s/tally-verify-XXXXXX", place != NULL ? place : "/tmp");
	ck_assert_int_lt(size, (int)sizeof s->root);
	ck_assert_msg(mkdtemp(s->root) != NULL, "%s: %s", s->root, strerror(errno));
	ck_assert_int_eq(chmod(s->root, 0755), 0);
	snprintf(s->drive, sizeof s->drive, "%s/drive", s->root);
	snprintf(s->journal, sizeof s->journal, "%s/drive.jrn", s->root);
	s->options = (tally_check_options){.drive = s->drive, .journal = s->journal};
	s->made = (maker_options){.drive = s->drive, .journal = s->journal};
	umask(022);
}

void stage_close(stage *s)
{
	folder_remove(s->root);
}

maker *stage_begin(stage *s)
{
	return maker_begin(&s->made);
}

void stage_make_files(stage *s, unsigned files, uint64_t size, uint64_t block)
{
	maker *m = stage_begin(s);
	for (unsigned i = 0; i < files; i++) {
		char path[32];
		snprintf(path, sizeof path, "data/%u.bin", i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = size, .segment_size = block});
	}
	maker_end(m);
	maker_seal(m);
}

void stage_make(stage *s, const char *const *edits)
{
	maker *m = stage_begin(s);
	bool import = !s->made.export_drive;
	maker_list_files(m, import ? list_metadata : NULL, import ? list_properties : NULL);
	maker_add(m, &(maker_blob){.blob_path = "pictures/a.jpg", .size = 10000, .segment_size = 4096, .ids = true});
	maker_add(m, &(maker_blob){.blob_path = "disks/b.vhd",
				   .size = 8192,
				   .segment_size = 4096,
				   .page = true,
				   .metadata = own_metadata,
				   .properties = own_properties});
	maker_add(m, &(maker_blob){.blob_path = "pictures/sub/c.txt", .size = 100});
	maker_end(m);
	for (; edits != NULL && edits[0] != NULL; edits += 2)
		maker_edit(m, edits[0], edits[1]);
	maker_seal(m);
}

const char *stage_place(const stage *s, const char *path)
{
	static char places[2][4096];
	static unsigned next;
	char *place = places[next++ % 2];
	int size = snprintf(place, sizeof places[0], "%s/%s", s->drive, path);
	ck_assert_int_lt(size, (int)sizeof places[0]);
	return place;
}

static void must(bool done, const char *path)
{
	ck_assert_msg(done, "%s: %s", path, strerror(errno));
}

void stage_remove(const stage *s, const char *path)
{
	must(remove(stage_place(s, path)) == 0, path);
}

uint64_t stage_find(const stage *s, const char *path, const char *text)
{
	static char content[65536];
	int fd = open(stage_place(s, path), O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, content, sizeof content - 1);
	must(fd >= 0 && size >= 0, path);
	close(fd);
	content[size] = '\0';
	const char *at = strstr(content, text);
	ck_assert_msg(at != NULL, "%s does not hold %s", path, text);
	return (uint64_t)(at - content);
}

void stage_flip(const stage *s, const char *path, off_t at)
{
	unsigned char byte = 0;
	int fd = open(stage_place(s, path), O_RDWR | O_CLOEXEC);
	must(fd >= 0 && pread(fd, &byte, 1, at) == 1, path);
	byte ^= 0x10;
	must(pwrite(fd, &byte, 1, at) == 1, path);
	close(fd);
}

void stage_resize(const stage *s, const char *path, off_t size)
{
	must(truncate(stage_place(s, path), size) == 0, path);
}

static void put(const stage *s, const char *path, int flags, const char *text)
{
	int fd = open(stage_place(s, path), O_WRONLY | O_CLOEXEC | flags, 0644);
	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(fd);
}

void stage_append(const stage *s, const char *path, const char *text)
{
	put(s, path, O_APPEND, text);
}

void stage_write(const stage *s, const char *path, const char *text)
{
	char place[4096];
	snprintf(place, sizeof place, "%s", stage_place(s, path));
	for (char *slash = place + strlen(s->drive) + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
		*slash = '\0';
		must(mkdir(place, 0755) == 0 || errno == EEXIST, place);
	}
	put(s, path, O_CREAT | O_TRUNC, text);
}

void stage_drop(const stage *s, const char *path, uint64_t size)
{
	int fd = open(stage_place(s, path), O_RDWR);
	ck_assert_int_ge(fd, 0);
	fsync(fd);
	tally_os_drop(fd, 0, size);
	close(fd);
}

void stage_rename(const stage *s, const char *path, const char *new_path)
{
	must(rename(stage_place(s, path), stage_place(s, new_path)) == 0, path);
}

void stage_mode(const stage *s, const char *path, mode_t mode)
{
	must(chmod(stage_place(s, path), mode) == 0, path);
}

void stage_folder(const stage *s, const char *path)
{
	stage_remove(s, path);
	must(mkdir(stage_place(s, path), 0755) == 0, path);
}

void stage_fifo(const stage *s, const char *path)
{
	stage_remove(s, path);
	must(mkfifo(stage_place(s, path), 0644) == 0, path);
}

void stage_socket(const stage *s, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	stage_remove(s, path);
	/* The name of a socket is short; the way to the drive may be long. */
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(chdir(s->drive) == 0, s->drive);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(fd, (const struct sockaddr *)&address, sizeof address) == 0, path);
	close(fd);
	must(fchdir(here) == 0, ".");
	close(here);
}

void stage_device(const stage *s, const char *path)
{
	stage_remove(s, path);
	must(mknod(stage_place(s, path), S_IFCHR | 0666, makedev(1, 5)) == 0, path);
}

void stage_link(const stage *s, const char *path, const char *target)
{
	must(symlink(target, stage_place(s, path)) == 0, path);
}

bool stage_is_root(void)
{
	return getuid() == 0;
}

void stage_become_nobody(void)
{
	if (stage_is_root())
		must(setegid(NOBODY) == 0 && seteuid(NOBODY) == 0, "nobody");
}

void stage_become_root(void)
{
	if (!stage_is_root())
		return;
	must(seteuid(0) == 0 && setegid(0) == 0, "root");
	/* The kernel takes this away with the user; the leak checker needs it. */
	must(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0, "dumpable");
}
