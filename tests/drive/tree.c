/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "support/folder.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static char root[4096];

void tree_make(void)
{
	const char *place = getenv("TMPDIR");
	int size = snprintf(root, sizeof root, "%s/tally-drive-XXXXXX", place != NULL ? place : "/tmp");
	ck_assert_int_lt(size, (int)sizeof root);
	ck_assert_msg(mkdtemp(root) != NULL, "%s: %s", root, strerror(errno));
	ck_assert_int_eq(chmod(root, 0755), 0);
}

void tree_remove(void)
{
	folder_remove(root);
}

const char *tree_place(const char *path)
{
	static char place[sizeof root + 4096];
	int size = snprintf(place, sizeof place, "%s%s%s", root, path[0] != '\0' ? "/" : "", path);
	ck_assert_int_lt(size, (int)sizeof place);
	return place;
}

int tree_parent(const char *path, const char **name)
{
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (const char *end; (end = strchr(path, '/')) != NULL; path = end + 1) {
		char component[256];
		ck_assert_uint_lt((size_t)(end - path), sizeof component);
		memcpy(component, path, (size_t)(end - path));
		component[end - path] = '\0';
		ck_assert_msg(mkdirat(dir, component, 0755) == 0 || errno == EEXIST, "%s", component);
		int inner = openat(dir, component, O_PATH | O_DIRECTORY | O_CLOEXEC);
		ck_assert_msg(inner >= 0, "%s: %s", component, strerror(errno));
		close(dir);
		dir = inner;
	}
	*name = path;
	return dir;
}

void tree_directory(const char *path)
{
	const char *name;
	int dir = tree_parent(path, &name);
	ck_assert_msg(mkdirat(dir, name, 0755) == 0, "%s: %s", name, strerror(errno));
	close(dir);
}

void tree_file(const char *path, const char *content)
{
	const char *name;
	int dir = tree_parent(path, &name);
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
	ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	close(fd);
	close(dir);
}

void tree_link(const char *path, const char *target)
{
	const char *name;
	int dir = tree_parent(path, &name);
	ck_assert_msg(symlinkat(target, dir, name) == 0, "%s: %s", name, strerror(errno));
	close(dir);
}

void tree_fifo(const char *path)
{
	const char *name;
	int dir = tree_parent(path, &name);
	ck_assert_msg(mkfifoat(dir, name, 0644) == 0, "%s: %s", name, strerror(errno));
	close(dir);
}

void tree_socket(const char *path)
{
	const char *name;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	close(tree_parent(path, &name));
	/* A name of a socket is short, our tree's place may be long. */
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(chdir(root), 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_msg(bind(fd, (const struct sockaddr *)&address, sizeof address) == 0, "%s", strerror(errno));
	close(fd);
	ck_assert_int_eq(fchdir(here), 0);
	close(here);
}

bool tree_device(const char *path)
{
	const char *name;
	int dir = tree_parent(path, &name);
	int result = mknodat(dir, name, S_IFCHR | 0666, makedev(1, 3));
	int os_error = errno;
	close(dir);
	if (result == 0)
		return true;
	ck_assert_int_eq(os_error, EPERM);
	fprintf(stderr, "skipped: making a device takes root\n");
	return false;
}

bool tree_become_nobody(void)
{
	if (geteuid() != 0)
		return true;
	if (setegid(65534) == 0 && seteuid(65534) == 0 && access(root, F_OK) == 0)
		return true;
	fprintf(stderr, "skipped: can't become an ordinary user\n");
	return false;
}

static bool write_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
	if (fd >= 0)
		close(fd);
	return written;
}

/* For users other than root: a user name space in which we are who we were, but may mount. */
static bool enter_user_name_space(void)
{
	char users[64], groups[64];
	snprintf(users, sizeof users, "%u %u 1", geteuid(), geteuid());
	snprintf(groups, sizeof groups, "%u %u 1", getegid(), getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_line("/proc/self/setgroups", "deny") &&
	       write_line("/proc/self/uid_map", users) && write_line("/proc/self/gid_map", groups);
}

bool tree_may_mount(void)
{
	if (unshare(CLONE_NEWNS) != 0 && !enter_user_name_space()) {
		fprintf(stderr, "skipped: no mount name space to be had\n");
		return false;
	}
	/* What is mounted from here on stays with this process. */
	ck_assert_msg(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "%s", strerror(errno));
	return true;
}

void tree_mount(const char *path, unsigned long flags)
{
	const char *place = tree_place(path);
	ck_assert_msg(mount("none", place, "tmpfs", flags, "mode=0755") == 0, "%s: %s", place, strerror(errno));
}

bool tree_forbid_call(long number, int os_error)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)os_error & SECCOMP_RET_DATA)),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		return true;
	fprintf(stderr, "skipped: no seccomp filters here\n");
	return false;
}
