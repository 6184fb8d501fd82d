/* SPDX-License-Identifier: Apache-2.0 */
/* A container of the kinds that begin with FUZZ_KIND, and the disk in it. */
#include "drive/image/disk.h"

#include "disk.h"
#include "base/bytes.h"
#include "base/crc32.h"

#include <errno.h>

enum { STAGE_REFUSED = 1, STAGE_RAW, STAGE_READ };
const unsigned fuzz_deepest = STAGE_READ;

#define SAMPLE 1500

static void seal_vhdx(fuzz_disk *disk, uint64_t offset, size_t size)
{
	static uint8_t bytes[65536];
	fuzz_disk_put(disk, offset + 4, 0, false);
	fuzz_disk_get(disk, offset, bytes, size);
	fuzz_disk_put(disk, offset + 4, tally_crc32c(0, bytes, size), false);
}

static void seal_vhd(fuzz_disk *disk, uint64_t offset, size_t size, size_t field)
{
	uint8_t bytes[1024];
	uint32_t sum = 0;
	fuzz_disk_put(disk, offset + field, 0, true);
	fuzz_disk_get(disk, offset, bytes, size);
	for (size_t i = 0; i < size; i++)
		sum += bytes[i];
	fuzz_disk_put(disk, offset + field, ~sum, true);
}

static void seal(fuzz_disk *disk)
{
	uint8_t start[512];
	fuzz_disk_get(disk, 0, start, sizeof start);
	if (memcmp(start, "vhdxfile", 8) == 0) {
		seal_vhdx(disk, 64 << 10, 4096);
		seal_vhdx(disk, 128 << 10, 4096);
		/* One is enough, and they are large: the copy counts where the first has no signature. */
		fuzz_disk_get(disk, 192 << 10, start, 4);
		seal_vhdx(disk, memcmp(start, "regi", 4) == 0 ? 192 << 10 : 256 << 10, 65536);
		return;
	}
	if (disk->layer.size >= 1024)
		seal_vhd(disk, disk->layer.size - 512, 512, 64);
	if (memcmp(start, "conectix", 8) == 0) {
		seal_vhd(disk, 0, 512, 64);
		seal_vhd(disk, 512, 1024, 36);
	}
}

/* Reads a sample in one way or the other, which must not matter. */
static void sample(tally_layer *layer, uint64_t offset, fuzz_findings *findings)
{
	uint8_t whole[SAMPLE], part[SAMPLE];
	tally_layer_place place;
	size_t size = layer->size - offset < SAMPLE ? (size_t)(layer->size - offset) : SAMPLE, half = size / 2;
	int failed = tally_layer_read_all(layer, offset, whole, size);
	if (failed != 0 && failed != -EIO)
		fuzz_fail("what was said to be in the file isn't");
	if (tally_layer_locate(layer, offset, &place) && (place.length == 0 || place.length > layer->size - offset))
		fuzz_fail("bytes are located where they can't be");
	if (failed != 0)
		return;
	if (tally_layer_read_all(layer, offset + half, part, size - half) == 0 &&
	    memcmp(whole + half, part, size - half) != 0)
		fuzz_fail("read in parts, the disk is another");
	fuzz_hash(&findings->core, whole, size);
}

static void read_disk(tally_disk *disk, fuzz_findings *findings)
{
	tally_layer *layer = disk->layer;
	if (layer->size == 0)
		fuzz_fail("a disk without a byte");
	findings->count = disk->notes.count;
	fuzz_hash(&findings->core, &layer->size, sizeof layer->size);
	for (unsigned i = 0; i < 8; i++)
		sample(layer, layer->size / 8 * i, findings);
	sample(layer, layer->size - 1, findings);
	const char *name = tally_disk_kind_name(disk->kind);
	size_t length = strlen(name), wanted = strlen(FUZZ_KIND);
	bool is_wanted = length >= wanted && strcmp(name + length - wanted, FUZZ_KIND) == 0;
	fuzz_stage = is_wanted ? STAGE_READ : STAGE_RAW;
}

static tally_result judge(fuzz_input *input, fuzz_findings *findings)
{
	fuzz_disk below;
	tally_disk *disk;
	tally_disk_problem problem;
	tally_error error;
	fuzz_disk_begin(&below, input);
	if ((below.orders & FUZZ_DISK_SEAL) != 0)
		seal(&below);
	fuzz_disk_arm(&below);
	tally_result result = tally_disk_open_layer(&below.layer, &disk, &problem, &error);
	if (result != TALLY_OK)
		return result;
	if ((disk == NULL) != (problem.fault != TALLY_DISK_FAULT_NONE) || (disk == NULL) != (problem.text[0] != '\0'))
		fuzz_fail("neither a disk nor a problem, or both");
	fuzz_stage = STAGE_REFUSED;
	fuzz_hash(&findings->core, &problem.fault, sizeof problem.fault);
	if (disk != NULL)
		read_disk(disk, findings);
	tally_disk_close(disk);
	return TALLY_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input = fuzz_take_orders(data, size);
	fuzz_run(judge, &input);
	return 0;
}
