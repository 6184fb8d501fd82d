/* SPDX-License-Identifier: Apache-2.0 */
/* A document judged as one kind, FUZZ_KIND: built once for each kind in the table of formats. */
#include "format/format.h"
#include "fuzz.h"

enum { STAGE_READ = 1, STAGE_VALID };
const unsigned fuzz_deepest = STAGE_VALID;

static tally_result judge(fuzz_input *input, fuzz_findings *findings)
{
	tally_source source = fuzz_source(input);
	tally_finder finder = {.put = fuzz_record, .context = findings, .document = "input"};
	tally_document_kind kind = tally_document_kind_find(FUZZ_KIND);
	const tally_format *format = tally_format_of(kind);
	if (format == NULL)
		fuzz_fail("no such kind: " FUZZ_KIND);
	tally_lint_run run = {.source = &source, .finder = &finder, .kind = kind};
	tally_error error;
	tally_result result = format->lint(&run, &error);
	if (findings->count != finder.errors + finder.warnings + finder.notes)
		fuzz_fail("findings were counted that nobody was told");
	if (result == TALLY_OK)
		fuzz_stage = finder.errors == 0 ? STAGE_VALID : STAGE_READ;
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input = fuzz_take_orders(data, size);
	fuzz_run(judge, &input);
	return 0;
}
