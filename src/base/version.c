/* SPDX-License-Identifier: Apache-2.0 */
#include "tallyman.h"

#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number

const char *tally_version(void)
{
	return TEXT(TALLY_VERSION_MAJOR) "." TEXT(TALLY_VERSION_MINOR) "." TEXT(TALLY_VERSION_PATCH);
}
