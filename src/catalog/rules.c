/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/rules.h"

static const tally_rule rules[] = {
#define TALLY_RULE(symbol, id, aspect, scope, severity, level, status, summary, advice, source)                             \
	{id,     aspect,  TALLY_SCOPE_##scope, TALLY_SEVERITY_##severity, TALLY_LEVEL_##level, status, summary, advice,    \
	 source},
#define TALLY_FACT(id, summary, source)
#include "catalog/rules.def"
#undef TALLY_RULE
#undef TALLY_FACT
#define TALLY_RULE(symbol, id, aspect, scope, severity, level, status, summary, advice, source)
#define TALLY_FACT(id, summary, source)                                                                                     \
	{id, "", TALLY_SCOPE_FACT, TALLY_SEVERITY_NOTE, TALLY_LEVEL_DOCUMENT, NULL, summary, "", source},
#include "catalog/rules.def"
#undef TALLY_RULE
#undef TALLY_FACT
};

size_t tally_rule_count(void)
{
	return sizeof rules / sizeof rules[0];
}

const tally_rule *tally_rule_at(size_t index)
{
	return index < tally_rule_count() ? &rules[index] : NULL;
}

const tally_rule *tally_rule_of(tally_rule_symbol symbol)
{
	return &rules[symbol];
}

const char *tally_severity_name(tally_severity severity)
{
	switch (severity) {
	case TALLY_SEVERITY_ERROR:
		return "error";
	case TALLY_SEVERITY_WARNING:
		return "warning";
	case TALLY_SEVERITY_NOTE:
		break;
	}
	return "note";
}
