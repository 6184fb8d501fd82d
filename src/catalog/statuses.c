/* SPDX-License-Identifier: Apache-2.0 */
#include "tallyman.h"

#include <string.h>

static const tally_status statuses[] = {
#define TALLY_STATUS(row_level, code_, portal, classic, copy, row_offline, meaning_, evidence, advice_) \
  {                                                                                                     \
      .code = (code_),                                                                                  \
      .level = TALLY_LEVEL_##row_level,                                                                 \
      .portal_state = (portal),                                                                         \
      .classic_state = (classic),                                                                       \
      .copy_status = (copy),                                                                            \
      .offline = TALLY_OFFLINE_##row_offline,                                                           \
      .meaning = (meaning_),                                                                            \
      .offline_evidence = (evidence),                                                                   \
      .advice = (advice_),                                                                              \
  },
#include "catalog/statuses.def"
#undef TALLY_STATUS
};

#define STATUS_COUNT (sizeof statuses / sizeof statuses[0])

size_t tally_status_count(void)
{
	return STATUS_COUNT;
}

const tally_status *tally_status_at(size_t index)
{
	return index < STATUS_COUNT ? &statuses[index] : NULL;
}

/* Rows stand in the order of their levels, so a level's first row is found by halving. */
static size_t level_begin(tally_level level)
{
	size_t low = 0;
	size_t high = STATUS_COUNT;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (statuses[middle].level < level)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Called for every finding, and a damaged drive can have millions: it looks only at the rows of one level. */
const tally_status *tally_status_find(tally_level level, const char *code)
{
	if (code == NULL)
		return NULL;
	for (size_t i = level_begin(level); i < STATUS_COUNT && statuses[i].level == level; i++) {
		if (strcmp(statuses[i].code, code) == 0)
			return &statuses[i];
	}
	return NULL;
}

const char *tally_level_name(tally_level level)
{
	switch (level) {
	case TALLY_LEVEL_DRIVE:
		return "drive";
	case TALLY_LEVEL_BLOB:
		return "blob";
	case TALLY_LEVEL_SEGMENT:
		return "segment";
	case TALLY_LEVEL_METADATA:
		return "metadata";
	case TALLY_LEVEL_PROPERTIES:
		return "properties";
	case TALLY_LEVEL_DISPOSITION:
		return "disposition";
	case TALLY_LEVEL_DOCUMENT:
		return "document";
	case TALLY_LEVEL_JOB:
		return "job";
	case TALLY_LEVEL_DRIVE_STATE:
		return "drive_state";
	case TALLY_LEVEL_PORTAL:
		return "portal";
	case TALLY_LEVEL_COPY_STATUS:
		return "copy_status";
	case TALLY_LEVEL_STAGE:
		return "stage";
	case TALLY_LEVEL_LOG_CODE:
		return "log_code";
	}
	return "unknown";
}
