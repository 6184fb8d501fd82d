/* SPDX-License-Identifier: Apache-2.0 */
/* The rules as symbols, for the code that finds them violated. The public view is in tallyman.h. */
#ifndef TALLY_CATALOG_RULES_H
#define TALLY_CATALOG_RULES_H

#include "tallyman.h"

/* Facts come after the rules in this enumeration: nothing refers to them by name. */
typedef enum tally_rule_symbol {
	TALLY_RULE_NONE = -1, /* in grammar tables: no rule; TALLY_RULE_… values start at 0 */
#define TALLY_RULE(symbol, id, aspect, scope, severity, level, status, summary, advice, source) TALLY_RULE_##symbol,
#define TALLY_FACT(id, summary, source)
#include "catalog/rules.def"
#undef TALLY_RULE
#undef TALLY_FACT
	TALLY_RULE_SYMBOLS
} tally_rule_symbol;

/* The rule of a symbol; never NULL for a valid one. */
const tally_rule *tally_rule_of(tally_rule_symbol symbol);

#endif
