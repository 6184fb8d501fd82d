/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/bitlocker/xts.h"

#if defined(__x86_64__)

#  include <cpuid.h>
#  include <immintrin.h>
#  include <openssl/crypto.h>

#  define GROUP 512 /* bytes, eight vectors: as many as keep the units busy while a round takes its time */
#  define VECTORS 8
#  define AES __attribute__((target("sse4.1,aes")))
#  define WIDE __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,vaes,vpclmulqdq")))

/* Not every compiler that we build with has names for the last two. */
static bool has_wide_aes(void)
{
	unsigned a, b, c, d;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (c & bit_VAES) != 0 && (c & bit_VPCLMULQDQ) != 0;
}

/* What the operating system lets the processor do is in the answers of the first ones. */
bool tally_xts_is_here(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.1") && has_wide_aes();
}

/* ---- keys of the rounds: FIPS 197, section 5.2 ---- */

static AES __m128i expand(__m128i before, __m128i mixed)
{
	before = _mm_xor_si128(before, _mm_slli_si128(before, 4));
	before = _mm_xor_si128(before, _mm_slli_si128(before, 8));
	return _mm_xor_si128(before, mixed);
}

/* The constant of a round has to be one for the compiler. */
#  define LAST_WORD(key, constant) _mm_shuffle_epi32(_mm_aeskeygenassist_si128(key, constant), 0xFF)
#  define WORD_ALONE(key) _mm_shuffle_epi32(_mm_aeskeygenassist_si128(key, 0), 0xAA)

static AES void expand_128(__m128i k[TALLY_XTS_ROUNDS])
{
#  define NEXT(i, constant) k[i] = expand(k[(i)-1], LAST_WORD(k[(i)-1], constant))
	NEXT(1, 0x01);
	NEXT(2, 0x02);
	NEXT(3, 0x04);
	NEXT(4, 0x08);
	NEXT(5, 0x10);
	NEXT(6, 0x20);
	NEXT(7, 0x40);
	NEXT(8, 0x80);
	NEXT(9, 0x1B);
	NEXT(10, 0x36);
#  undef NEXT
}

static AES void expand_256(__m128i k[TALLY_XTS_ROUNDS])
{
#  define EVEN(i, constant) k[i] = expand(k[(i)-2], LAST_WORD(k[(i)-1], constant))
#  define ODD(i) k[i] = expand(k[(i)-2], WORD_ALONE(k[(i)-1]))
	EVEN(2, 0x01);
	ODD(3);
	EVEN(4, 0x02);
	ODD(5);
	EVEN(6, 0x04);
	ODD(7);
	EVEN(8, 0x08);
	ODD(9);
	EVEN(10, 0x10);
	ODD(11);
	EVEN(12, 0x20);
	ODD(13);
	EVEN(14, 0x40);
#  undef EVEN
#  undef ODD
}

static AES void put_key(uint8_t to[TALLY_XTS_WIDTH], __m128i key)
{
	for (unsigned i = 0; i < TALLY_XTS_WIDTH; i += 16)
		_mm_storeu_si128((__m128i *)(void *)(to + i), key);
}

AES void tally_xts_init(tally_xts *xts, const uint8_t *key, size_t key_size)
{
	__m128i k[TALLY_XTS_ROUNDS];
	const unsigned last = key_size == 16 ? 10 : 14;
	k[0] = _mm_loadu_si128((const __m128i *)(const void *)key);
	if (key_size == 16) {
		expand_128(k);
	} else {
		k[1] = _mm_loadu_si128((const __m128i *)(const void *)(key + 16));
		expand_256(k);
	}
	/* Backwards, and those in between as the equivalent inverse cipher has them (section 5.3.5). */
	xts->rounds = last;
	put_key(xts->keys[0], k[last]);
	for (unsigned i = 1; i < last; i++)
		put_key(xts->keys[i], _mm_aesimc_si128(k[last - i]));
	put_key(xts->keys[last], k[0]);
	OPENSSL_cleanse(k, sizeof k);
}

/* ---- tweaks: what leaves 128 bits at the top comes back as x^7 + x^2 + x + 1 ---- */

#  define REDUCTION _mm512_set1_epi64(0x87)

/* Each block times alpha to the `by`, at most 63; `back` is 64 - by. */
static inline WIDE __m512i times(__m512i t, __m512i by, __m512i back)
{
	const __m512i upper = _mm512_set_epi64(-1, 0, -1, 0, -1, 0, -1, 0);
	const __m512i left = _mm512_srlv_epi64(t, back);
	const __m512i across = _mm512_and_si512(_mm512_shuffle_epi32(left, (_MM_PERM_ENUM)0x4E), upper);
	const __m512i around = _mm512_clmulepi64_epi128(left, REDUCTION, 0x01);
	return _mm512_xor_si512(_mm512_sllv_epi64(t, by), _mm512_xor_si512(across, around));
}

/* Times alpha^8, which moves whole bytes. */
static inline WIDE __m512i times_8(__m512i t)
{
	const __m512i around = _mm512_clmulepi64_epi128(_mm512_bsrli_epi128(t, 15), REDUCTION, 0x00);
	return _mm512_xor_si512(_mm512_bslli_epi128(t, 1), around);
}

/* The first eight blocks' of a sector. */
static inline WIDE void begin_tweaks(__m512i t[2], const uint8_t base[16])
{
	const __m512i first = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)base));
	t[0] = times(first, _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0), _mm512_set_epi64(61, 61, 62, 62, 63, 63, 64, 64));
	t[1] = times(t[0], _mm512_set1_epi64(4), _mm512_set1_epi64(60));
}

/* ---- blocks ---- */

static inline WIDE __m512i load(const uint8_t *at)
{
	return _mm512_loadu_si512((const void *)at);
}

/* A group in place; `t` moves on to the next one's tweaks. */
static inline WIDE void undo_group(const tally_xts *xts, uint8_t *data, __m512i t[2])
{
	__m512i tweaks[VECTORS], x[VECTORS], key = load(xts->keys[0]);
	tweaks[0] = t[0];
	tweaks[1] = t[1];
#  pragma GCC unroll 8
	for (unsigned i = 2; i < VECTORS; i++)
		tweaks[i] = times_8(tweaks[i - 2]);
#  pragma GCC unroll 8
	for (unsigned i = 0; i < VECTORS; i++)
		x[i] = _mm512_xor_si512(_mm512_xor_si512(load(data + i * TALLY_XTS_WIDTH), tweaks[i]), key);
	for (unsigned round = 1; round < xts->rounds; round++) {
		key = load(xts->keys[round]);
#  pragma GCC unroll 8
		for (unsigned i = 0; i < VECTORS; i++)
			x[i] = _mm512_aesdec_epi128(x[i], key);
	}
	key = load(xts->keys[xts->rounds]);
#  pragma GCC unroll 8
	for (unsigned i = 0; i < VECTORS; i++) {
		x[i] = _mm512_xor_si512(_mm512_aesdeclast_epi128(x[i], key), tweaks[i]);
		_mm512_storeu_si512((void *)(data + i * TALLY_XTS_WIDTH), x[i]);
	}
	t[0] = times_8(tweaks[VECTORS - 2]);
	t[1] = times_8(tweaks[VECTORS - 1]);
}

WIDE void tally_xts_undo(const tally_xts *xts, uint8_t *data, const uint8_t (*bases)[16], size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		__m512i t[2];
		begin_tweaks(t, bases[i]);
		for (size_t at = 0; at < size; at += GROUP, data += GROUP)
			undo_group(xts, data, t);
	}
}

#else

bool tally_xts_is_here(void)
{
	return false;
}

void tally_xts_init(tally_xts *xts, const uint8_t *key, size_t key_size)
{
	(void)key, (void)key_size;
	*xts = (tally_xts){0};
}

void tally_xts_undo(const tally_xts *xts, uint8_t *data, const uint8_t (*bases)[16], size_t count, size_t size)
{
	(void)xts, (void)data, (void)bases, (void)count, (void)size;
}

#endif
