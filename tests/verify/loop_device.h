/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block devices for tests: a file as a disk of its own (Linux' loop devices). The kernel takes a device back when
 * nobody has it open any more, so that none is left whatever becomes of the test.
 */
#ifndef TALLY_TESTS_VERIFY_LOOP_DEVICE_H
#define TALLY_TESTS_VERIFY_LOOP_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct loop_device {
	int fd;        /* holds it */
	char path[32]; /* /dev/loopN */
} loop_device;

/* NULL when devices can be had here, else why not. */
const char *loop_device_obstacle(void);
/*
 * Attaches the file, for reading only, with sectors of 512 or 4096 bytes. Whoever else attaches devices meanwhile gets
 * other ones. Past the page cache of the file where its file system can do that: then the device has errors where the
 * file was cut since. Failures fail the test.
 */
void loop_device_attach(loop_device *device, const char *path, uint32_t sector_size);
void loop_device_detach(loop_device *device);
/* Whether reading the device fails there, as it does behind the end of a file that was cut. */
bool loop_device_fails_at(const loop_device *device, uint64_t offset);

#endif
