/* SPDX-License-Identifier: Apache-2.0 */
#include "format/drive_values.h"

static bool is_usual(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

tally_drive_id_form tally_drive_id_judge(tally_text drive_id)
{
	tally_drive_id_form form = TALLY_DRIVE_ID_USUAL;
	for (size_t i = 0; i < drive_id.size; i++) {
		char c = drive_id.data[i];
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			return TALLY_DRIVE_ID_BLANK;
		if (!is_usual(c))
			form = TALLY_DRIVE_ID_UNUSUAL;
	}
	return form;
}
