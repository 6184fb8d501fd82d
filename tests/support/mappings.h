/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of memory of this process. */
#ifndef TALLY_TESTS_SUPPORT_MAPPINGS_H
#define TALLY_TESTS_SUPPORT_MAPPINGS_H

/*
 * Of the mapping at an address, the line of /proc/self/smaps that begins with `what`; "" when there is none. Valid until
 * the next call.
 */
const char *mappings_line(const void *address, const char *what);
/* Fails the test where the kernel would put what is at an address into a core dump. */
void mappings_expect_no_dump(const void *address);

#endif
