/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_VERIFY_ARCHIVE_INDEX_H
#define TALLY_VERIFY_ARCHIVE_INDEX_H

#include "verify/run.h"
#include "verify/stored.h"

/*
 * Reads the manifest: every segment goes into `stored`, waiting; for every blob whose file is there `blobs` gets the
 * file's number (tally_archive_number) and the blob's first segment, and is sorted. Side files become wanted.
 */
tally_result tally_archive_index(tally_run *run, tally_stored *stored, tally_records *blobs, tally_error *error);

#endif
