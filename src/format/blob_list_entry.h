/* SPDX-License-Identifier: Apache-2.0 */
/* What a single entry of a blob list must obey: X-04…X-06, K-17. */
#ifndef TALLY_FORMAT_BLOB_LIST_ENTRY_H
#define TALLY_FORMAT_BLOB_LIST_ENTRY_H

#include "format/blob_list_grammar.h"

/* `element` is an entry of the list's grammar; `value` is present. */
void tally_list_entry_judge(tally_finder *finder, unsigned element, const tally_value *value);

#endif
