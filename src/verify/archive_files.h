/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segments of an archive's files, hashed in the archive's order. A first reading of the manifest notes every
 * segment (verify/stored.h) and which file it belongs to; then the archive is streamed.
 *
 * Memory beside that and beside the flow: 16 bytes for each blob, and 24 for each segment of the file at hand. That is
 * a third of what the manifest takes to say it; of a file of 10 TB in blocks of 4 MiB, 60 MB.
 */
#ifndef TALLY_VERIFY_ARCHIVE_FILES_H
#define TALLY_VERIFY_ARCHIVE_FILES_H

#include "verify/run.h"
#include "verify/stored.h"

/* For run->archive: fills run->stored. The manifest's first reading is done, and it is still open. */
tally_result tally_run_hash_archive(tally_run *run, tally_error *error);

#endif
