/* SPDX-License-Identifier: Apache-2.0 */
#include "io/secret.h"

#include "base/memory.h"

#include <openssl/crypto.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* In front of what is handed out; as large as the strictest alignment anybody needs. */
typedef union head {
	size_t size; /* of the mapping */
	uint8_t room[64];
} head;

void *tally_secret_alloc(size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t whole;
	if (__builtin_add_overflow(size, sizeof(head) + page - 1, &whole))
		return NULL;
	whole -= whole % page;
#ifdef TALLY_FAULT_INJECTION
	if (tally_allocation_fault != NULL && tally_allocation_fault() != 0)
		return NULL;
#endif
	head *h = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (h == MAP_FAILED)
		return NULL;
	(void)mlock(h, whole);
	(void)madvise(h, whole, MADV_DONTDUMP);
	h->size = whole;
	return h + 1;
}

void tally_secret_free(void *memory)
{
	if (memory == NULL)
		return;
	head *h = (head *)memory - 1;
	const size_t whole = h->size;
	OPENSSL_cleanse(h, whole);
	munmap(h, whole);
}

void tally_secret_never_dump(void)
{
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}
