/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the drive itself is gone: a cable that slipped, a disk that was pulled out, a card without its reader. What
 * can't be read from then on says nothing of the drive, and there is no end of it.
 */
#ifndef TALLY_VERIFY_LOSS_H
#define TALLY_VERIFY_LOSS_H

#include "base/error.h"

#include <stdatomic.h>

typedef struct tally_loss {
	const char *path; /* of the drive; NULL: nobody looks */
	uint64_t disk;    /* number of the disk that it lies on; 0: not known */
	bool is_device;
	atomic_bool met;
} tally_loss;

/* Looks where the drive is. `path` must outlive it, and may be NULL. */
void tally_loss_init(tally_loss *loss, const char *path);
/* Asked after a read that failed, by any thread. Once it is gone it stays so: what comes back is another one. */
bool tally_loss_look(tally_loss *loss);
/* TALLY_ERROR_IO, with what to say of it. */
tally_result tally_loss_fail(const tally_loss *loss, tally_error *error);

#ifdef TALLY_FAULT_INJECTION
/* Test only: answers instead of the kernel. */
extern bool (*tally_loss_answer)(const char *path);
#endif

#endif
