/* SPDX-License-Identifier: Apache-2.0 */
/* What manifests, journals and jobs say of a drive, judged alike wherever it stands. Pure text. */
#ifndef TALLY_FORMAT_DRIVE_VALUES_H
#define TALLY_FORMAT_DRIVE_VALUES_H

#include "base/text.h"

typedef enum tally_drive_id_form {
	TALLY_DRIVE_ID_USUAL,
	TALLY_DRIVE_ID_BLANK,  /* it has one in it: M-11, R-02 */
	TALLY_DRIVE_ID_UNUSUAL /* it has a character that no known serial number has */
} tally_drive_id_form;

tally_drive_id_form tally_drive_id_judge(tally_text drive_id);

#endif
