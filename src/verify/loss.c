/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/loss.h"

#include "io/disk.h"

#include <errno.h>
#include <sys/stat.h>

#ifdef TALLY_FAULT_INJECTION
bool (*tally_loss_answer)(const char *path);
#endif

void tally_loss_init(tally_loss *loss, const char *path)
{
	struct stat facts;
	tally_os_disk disk;
	*loss = (tally_loss){.path = path};
	atomic_init(&loss->met, false);
	if (path == NULL || stat(path, &facts) != 0)
		return;
	loss->is_device = S_ISBLK(facts.st_mode);
	bool known = tally_os_disk_of(loss->is_device ? facts.st_rdev : facts.st_dev, &disk) == 0;
	/* What shows no size while it is there would always pass for gone. */
	loss->disk = known && !tally_os_disk_is_gone(disk.device) ? disk.device : 0;
}

/* A device's node goes with it; a file system says so when the program or the disk that it needs is gone. */
static bool is_path_gone(const tally_loss *loss)
{
	struct stat facts;
	if (stat(loss->path, &facts) == 0)
		return false;
	return errno == ENODEV || errno == ENXIO || errno == ENOMEDIUM || errno == ENOTCONN || errno == ESHUTDOWN ||
	       (errno == ENOENT && loss->is_device);
}

static bool look(const tally_loss *loss)
{
#ifdef TALLY_FAULT_INJECTION
	if (tally_loss_answer != NULL)
		return tally_loss_answer(loss->path);
#endif
	return (loss->disk != 0 && tally_os_disk_is_gone(loss->disk)) || is_path_gone(loss);
}

bool tally_loss_look(tally_loss *loss)
{
	if (loss->path != NULL && !atomic_load(&loss->met) && look(loss))
		atomic_store(&loss->met, true);
	return atomic_load(&loss->met);
}

tally_result tally_loss_fail(const tally_loss *loss, tally_error *error)
{
	return tally_fail(error, TALLY_ERROR_IO,
			  "%.300s is gone: its disk was disconnected or lost its power; connect it and check again",
			  loss->path);
}
