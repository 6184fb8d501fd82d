/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel of wide.h for vectors of WIDTH bytes (16, 32 or 64), whose functions end in _SUFFIX and have the attribute
 * TARGET. Included once for each by wide.c. The vectors are the compiler's own, so that no instruction set is named
 * here.
 */
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(name) JOIN(name, SUFFIX)
#define words NAME(words)
#define halves NAME(halves)

#if WIDTH == 16
#  define SWAP 2, 3, 0, 1
#  define FIRST 0, 1
#  define LOWER UINT64_MAX, 0
#  define NUMBERS 0, 0
#  define ALL(x) x, x
#elif WIDTH == 32
#  define SWAP 2, 3, 0, 1, 6, 7, 4, 5
#  define FIRST 0, 1, 0, 1
#  define LOWER UINT64_MAX, 0, UINT64_MAX, 0
#  define NUMBERS 0, 0, 1, 1
#  define ALL(x) x, x, x, x
#else
#  define SWAP 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13
#  define FIRST 0, 1, 0, 1, 0, 1, 0, 1
#  define LOWER UINT64_MAX, 0, UINT64_MAX, 0, UINT64_MAX, 0, UINT64_MAX, 0
#  define NUMBERS 0, 0, 1, 1, 2, 2, 3, 3
#  define ALL(x) x, x, x, x, x, x, x, x
#endif

typedef uint64_t words __attribute__((vector_size(WIDTH)));
typedef uint32_t halves __attribute__((vector_size(WIDTH)));

/* Each block's upper half for its lower one, and the reverse; and the first block in all places. */
#ifdef __clang__
#  define SWAPPED(t) ((words)__builtin_shufflevector((halves)(t), (halves)(t), SWAP))
#  define REPEATED(t) __builtin_shufflevector(t, t, FIRST)
#else
#  define SWAPPED(t) ((words)__builtin_shuffle((halves)(t), (halves){SWAP}))
#  define REPEATED(t) __builtin_shuffle(t, (words){FIRST})
#endif

/*
 * A tweak, times alpha to the `by`, which is at most 32: what leaves a half at its top goes to the other, from the
 * upper one as x^7 + x^2 + x + 1, and nothing leaves twice.
 */
#define SHIFTED(t, by, left)                         \
  (left = (t) >> 1 >> (63 - (by)), /* by may be 0 */ \
   left = SWAPPED(left), (t) << (by) ^ left ^ ((left << 1 ^ left << 2 ^ left << 7) & (words){LOWER}))

/* Each from the first of them: doubling one after another would wait for each result. */
TARGET static void NAME(tweak)(uint8_t *data, uint8_t *tweaks, const uint8_t (*bases)[BLOCK], size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		words base, t, d, left;
		memcpy(&base, bases[i], WIDTH);
		base = REPEATED(base);
		for (size_t rest = size; rest > 0; rest -= GROUP) {
#pragma GCC unroll 32
			for (size_t at = 0; at < GROUP; at += WIDTH) {
				const words by = (words){NUMBERS} + (words){ALL(at / BLOCK)};
				t = SHIFTED(base, by, left);
				memcpy(&d, data + at, WIDTH);
				memcpy(tweaks + at, &t, WIDTH);
				d ^= t;
				memcpy(data + at, &d, WIDTH);
			}
			const words group = {ALL(GROUP / BLOCK)};
			base = SHIFTED(base, group, left);
			data += GROUP;
			tweaks += GROUP;
		}
	}
}

TARGET static void NAME(mask)(uint8_t *to, const uint8_t *with, size_t size)
{
	for (size_t at = 0; at < size; at += WIDTH) {
		words d, w;
		memcpy(&d, to + at, WIDTH);
		memcpy(&w, with + at, WIDTH);
		d ^= w;
		memcpy(to + at, &d, WIDTH);
	}
}

/* From the end, for each block needs the cipher text before it. */
TARGET static void NAME(chain)(uint8_t *data, const uint8_t *blocks, const uint8_t vector[BLOCK], size_t size)
{
	uint8_t front[WIDTH];
	words d, b;
	memcpy(front, vector, BLOCK);
	memcpy(front + BLOCK, data, WIDTH - BLOCK);
	for (size_t at = size - WIDTH; at > 0; at -= WIDTH) {
		memcpy(&d, data + at - BLOCK, WIDTH);
		memcpy(&b, blocks + at, WIDTH);
		d ^= b;
		memcpy(data + at, &d, WIDTH);
	}
	memcpy(&d, front, WIDTH);
	memcpy(&b, blocks, WIDTH);
	d ^= b;
	memcpy(data, &d, WIDTH);
}

#undef words
#undef halves
#undef NAME
#undef JOIN
#undef JOIN_
#undef SWAP
#undef FIRST
#undef LOWER
#undef NUMBERS
#undef ALL
#undef SWAPPED
#undef REPEATED
#undef SHIFTED
#undef WIDTH
#undef SUFFIX
#undef TARGET
