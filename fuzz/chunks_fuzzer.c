/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a document is, reading it whole and in pieces must find the same. */
#include "format/format.h"
#include "fuzz.h"

enum { STAGE_COMPARED = 1 };
const unsigned fuzz_deepest = STAGE_COMPARED;

static fuzz_findings judge(fuzz_input input, size_t chunk, const tally_format **format)
{
	input.chunk = chunk;
	tally_source source = fuzz_source(&input);
	fuzz_findings findings = {0};
	tally_finder finder = {.put = fuzz_record, .context = &findings};
	tally_error error;
	tally_result result = tally_format_recognise(&source, format, &error);
	if (result == TALLY_OK && *format != NULL) {
		tally_lint_run run = {.source = &source, .finder = &finder, .kind = (*format)->kind};
		result = (*format)->lint(&run, &error);
	}
	if (result != TALLY_OK)
		fuzz_fail("an error of the run that the input can't justify");
	return findings;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input = fuzz_take_orders(data, size);
	const tally_format *whole_format, *pieces_format;
	fuzz_findings whole = judge(input, 0, &whole_format);
	fuzz_findings pieces = judge(input, input.chunk != 0 ? input.chunk : 1, &pieces_format);
	if (whole_format != pieces_format)
		fuzz_fail("the kind depends on how the document is cut");
	if (whole.count != pieces.count || whole.hash != pieces.hash)
		fuzz_fail("the findings depend on how the document is cut");
	fuzz_stage = whole_format != NULL ? STAGE_COMPARED : 0;
	return 0;
}
