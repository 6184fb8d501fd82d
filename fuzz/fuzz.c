/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/memory.h"

#include <libxml/xmlmemory.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>

unsigned fuzz_stage;

static unsigned countdown;
static bool fired;

static int fault(void)
{
	if (countdown == 0 || --countdown > 0)
		return 0;
	fired = true;
	return 1;
}

static void *failing_malloc(size_t size)
{
	return fault() ? NULL : malloc(size);
}

static void *failing_realloc(void *memory, size_t size)
{
	return fault() ? NULL : realloc(memory, size);
}

static char *failing_strdup(const char *text)
{
	return fault() ? NULL : strdup(text);
}

static void prepare(void)
{
	static bool done;
	if (done)
		return;
	done = true;
	/* Before libxml2 allocates anything: memory must go back to where it came from. */
	xmlMemSetup(free, failing_malloc, failing_realloc, failing_strdup);
	xmlInitParser();
	tally_allocation_fault = fault;
}

fuzz_input fuzz_take_orders(const uint8_t *data, size_t size)
{
	fuzz_input input = {.data = data, .size = size};
	prepare();
	fuzz_stage = 0;
	if (size >= FUZZ_ORDERS_SIZE && memcmp(data + size - FUZZ_ORDERS_SIZE, FUZZ_MARK, FUZZ_MARK_SIZE) == 0) {
		input.size = size - FUZZ_ORDERS_SIZE;
		input.chunk = data[size - 3];
		input.fail = (unsigned)(data[size - 2] << 8 | data[size - 1]);
	}
	return input;
}

static int64_t read_input(void *context, uint64_t offset, void *buffer, size_t size)
{
	const fuzz_input *input = context;
	if (offset >= input->size)
		return 0;
	uint64_t left = input->size - offset;
	size_t take = left < size ? (size_t)left : size;
	if (input->chunk != 0 && take > input->chunk)
		take = input->chunk;
	memcpy(buffer, input->data + offset, take);
	return (int64_t)take;
}

tally_source fuzz_source(fuzz_input *input)
{
	return (tally_source){.context = input, .read = read_input};
}

static void mix(uint64_t *hash, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;
	for (size_t i = 0; i < size; i++)
		*hash = (*hash ^ p[i]) * UINT64_C(0x100000001B3);
}

static void mix_text(uint64_t *hash, const char *text)
{
	if (text != NULL)
		mix(hash, text, strlen(text) + 1);
}

void fuzz_record(void *context, const tally_finding *finding)
{
	fuzz_findings *findings = context;
	if (finding->rule == NULL || finding->message == NULL || finding->message[0] == '\0')
		fuzz_fail("a finding without rule or message");
	if (tally_has_secret((tally_text){finding->message, strlen(finding->message)}))
		fuzz_fail("a finding's message holds a secret");
	findings->count++;
	findings->errors += finding->severity == TALLY_SEVERITY_ERROR;
	mix_text(&findings->core, finding->rule->id);
	mix_text(&findings->core, finding->rule->aspect);
	mix(&findings->core, &finding->severity, sizeof finding->severity);
	mix(&findings->core, &finding->line, sizeof finding->line);
	mix(&findings->core, &finding->document_offset, sizeof finding->document_offset);
	mix(&findings->hash, &findings->core, sizeof findings->core);
	mix_text(&findings->hash, finding->message);
	mix_text(&findings->hash, finding->expected);
	mix_text(&findings->hash, finding->actual);
	mix_text(&findings->hash, finding->blob_path);
	mix_text(&findings->hash, finding->file_path);
}

void fuzz_arm(unsigned fail)
{
	countdown = fail;
	fired = false;
}

bool fuzz_disarm(void)
{
	countdown = 0;
	return fired;
}

void fuzz_run(fuzz_judgement judgement, fuzz_input *input)
{
	fuzz_findings findings = {0}, undisturbed = {0};
	fuzz_arm(input->fail);
	tally_result result = judgement(input, &findings);
	if (!fuzz_disarm()) {
		if (result != TALLY_OK)
			fuzz_fail("an error of the run that the input can't justify");
		return;
	}
	if (result == TALLY_ERROR_NO_MEMORY)
		return;
	if (result != TALLY_OK || judgement(input, &undisturbed) != TALLY_OK)
		fuzz_fail("a failed allocation was reported as something else");
	/*
	 * libxml2 2.9 does without some of its memory (copies of names in its error records), and takes some failures, of its
	 * dictionary for one, for errors of the document. So a document may be called malformed for lack of memory, but none
	 * may pass for better than it is.
	 */
	if (findings.errors == 0 && (findings.count != undisturbed.count || findings.core != undisturbed.core))
		fuzz_fail("an allocation failed, something was lost, and nobody said so");
}

void fuzz_fail(const char *sentence)
{
	fprintf(stderr, "fuzz: %s\n", sentence);
	abort();
}
