/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzzing targets share.
 *
 * An input is a document. If its last seven bytes are DC DC DC DC C F F, they are no part of it but orders: C chooses how
 * large the pieces are in which the document is read (0: whole), FF (big-endian) which allocation fails (0: none). No text
 * ends so, in UTF-8 or in UTF-16, and any file of corpus/ is a seed as it is.
 */
#ifndef TALLY_FUZZ_H
#define TALLY_FUZZ_H

#include "catalog/finding.h"
#include "io/source.h"

typedef struct fuzz_input {
	const uint8_t *data;
	size_t size;
	size_t chunk;        /* most bytes that a read gives; 0: all it is asked for */
	unsigned fail;       /* number of the allocation that fails, from 1; 0: none */
} fuzz_input;

/* Each target defines these. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/*
 * How deep the last input got, and how deep a good document must get. The replay driver's --reach compares them, so that
 * a target that returns early without anybody noticing fails a test.
 */
extern unsigned fuzz_stage;
extern const unsigned fuzz_deepest;

#define FUZZ_MARK "\xDC\xDC\xDC\xDC"
#define FUZZ_MARK_SIZE (sizeof FUZZ_MARK - 1)
#define FUZZ_ORDERS_SIZE (FUZZ_MARK_SIZE + 3)

fuzz_input fuzz_take_orders(const uint8_t *data, size_t size);
/* The input as a source that is read in pieces. `input` must outlive it. */
tally_source fuzz_source(fuzz_input *input);

/* What a run found, in a form that can be compared. */
typedef struct fuzz_findings {
	uint64_t hash;  /* of all findings, in order */
	uint64_t core;  /* the same without their texts: libxml2 shortens a message when memory is short, and can't say so */
	uint64_t count, errors;
} fuzz_findings;
/* For tally_finder.put; checks what every finding must keep, too. */
void fuzz_record(void *findings, const tally_finding *finding);

/* One way of judging an input. */
typedef tally_result (*fuzz_judgement)(fuzz_input *input, fuzz_findings *findings);
/*
 * Judges the input with the allocation failing that it orders. Aborts when that failure went unreported and something
 * passes for right because of it, when a failure is reported that did not happen, or when the run fails for a reason that no input can justify.
 */
void fuzz_run(fuzz_judgement judgement, fuzz_input *input);
/* Allocations of the library and of libxml2 fail from here on as ordered. */
void fuzz_arm(unsigned fail);
/* Ends it. Whether an allocation was made to fail. */
bool fuzz_disarm(void);

/* Aborts with a sentence: the target's own assertion. */
_Noreturn void fuzz_fail(const char *sentence);

#endif
