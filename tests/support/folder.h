/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_SUPPORT_FOLDER_H
#define TALLY_TESTS_SUPPORT_FOLDER_H

/* Removes a folder with all that is in it, of whatever names and permissions; fails the test when that can't be done.
 */
void folder_remove(const char *path);

#endif
