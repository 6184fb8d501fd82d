/* SPDX-License-Identifier: Apache-2.0 */
/* Telling kinds apart by content, then judging the document as what it was taken for. */
#include "format/format.h"
#include "fuzz.h"

enum { STAGE_KNOWN = 1, STAGE_VALID };
const unsigned fuzz_deepest = STAGE_VALID;

static tally_result judge(fuzz_input *input, fuzz_findings *findings)
{
	tally_source source = fuzz_source(input);
	tally_finder finder = {.put = fuzz_record, .context = findings, .document = "input"};
	const tally_format *format;
	tally_error error;
	tally_result result = tally_format_recognise(&source, &format, &error);
	if (result != TALLY_OK || format == NULL)
		return result;
	fuzz_stage = STAGE_KNOWN;
	tally_lint_run run = {.source = &source, .finder = &finder, .kind = format->kind};
	result = format->lint(&run, &error);
	if (result == TALLY_OK && finder.errors == 0)
		fuzz_stage = STAGE_VALID;
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input = fuzz_take_orders(data, size);
	fuzz_run(judge, &input);
	return 0;
}
