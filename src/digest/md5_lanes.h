/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MD5 (RFC 1321) of several streams at once: the template of every kernel. A file that includes it defines
 *
 *   MD5_RUN     the name of the function
 *   MD5_WIDTH   streams in one vector: 1 (no vector at all), 4, 8 or 16
 *   MD5_SETS    vectors worked on in turns: 1, 2 or 3
 *   MD5_SELECT  1 where one instruction takes each bit from one of two vectors as a third one says, else 0
 *
 * and is compiled with the flags of its instruction set.
 *
 * The layout. MD5 is a chain: each of the 64 steps of a block needs the result of the step before, so one stream
 * can't use a vector. Different streams can: element L of every vector belongs to lane L, and the scalar algorithm,
 * written with vectors for words, compresses a block of each lane in the time of one.
 *
 * It needs word k of all lanes in one vector, but a lane's words lie side by side in memory: what has to happen is a
 * transposition. Gathering the words one by one costs several times as much as all the arithmetic. Loading whole
 * rows and shuffling is cheap, done in two stages over pieces of 128 bits, four words, a quarter of a block:
 *
 *   quarters   vector q[j][i] collects quarter j of the lanes i, i+4, i+8, … (as many as a vector has pieces):
 *              q[0][1] of a 16-wide kernel = | lane 1: w0 w1 w2 w3 | lane 5: w0…w3 | lane 9: w0…w3 | lane 13: w0…w3 |
 *   words      within each piece, the 4 × 4 matrix of q[j][0…3] is transposed; that gives words 4j…4j+3:
 *              m[2] = | w2 of lanes 0 1 2 3 | 4 5 6 7 | 8 9 10 11 | 12 13 14 15 |
 *
 * So piece p of q[j][i] holds lane 4p + i, and the lanes come out in order.
 *
 * The schedule. A step is   a = b + rotate(a + F(b, c, d) + m[k] + K, s)   and b is the result of the step before.
 * Everything that doesn't depend on b is done first, so that the chain from b to the new a is as short as can be:
 * (a + (m + K)) + F, in this order. Compilers take the right to reassociate integer sums and, at the cost of 5 to
 * 20 %, use it; SETTLE forbids it. What of F has to wait for b is shortened too:
 *
 *   F = (b & c) | (~b & d) = d ^ (b & (c ^ d))        c ^ d is known early; two operations from b on, not three
 *   G = (b & d) | (c & ~d): never both, so | is +     a + (c & ~d) is known early; one operation and one sum from b on
 *   H = b ^ c ^ d = b ^ (c ^ d)
 *   I = c ^ (b | ~d), and ~I = c ^ (~b & d) has no complement but the one that "and-not" gives for nothing.
 *     I = -1 - ~I, so the sum is a - (c ^ (~b & d)) with K - 1 for K.
 *
 * F and G are choices: of c or d by the bits of b, of b or c by the bits of d. Where that is one instruction, G is best
 * written like F, c ^ (d & (b ^ c)), which compilers recognise.
 *
 * Even so the chain of one set leaves the processor idle most of the time. Two things fill the gaps. The steps of
 * MD5_SETS independent sets are interleaved; more sets than given want more registers than there are. And the next
 * block is transposed while this one is computed: the work is cut into slices that don't depend on each other's
 * results but for the in-place order, at most one for every four steps, and the words of both blocks live in memory,
 * where an addition can take them from. Without the slices the chain stands still for as long as a transposition
 * lasts, for no processor looks a whole block ahead.
 *
 * The last block of a run has no next one. Its slices load it once more: what they make is not used.
 *
 * A slice that loads from a lane also fetches the line TALLY_MD5_PREFETCH bytes further on: hardware prefetchers don't
 * keep track of as many streams as there are lanes.
 */
#include "digest/md5_kernel.h"

#include <string.h>

#define LANES (MD5_WIDTH * MD5_SETS)

#if MD5_WIDTH == 1
typedef uint32_t words;
#else
#  if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#    error "vector loads take MD5's little-endian words as they are"
#  endif
typedef uint32_t words __attribute__((vector_size(4 * MD5_WIDTH)));
typedef uint32_t quarter __attribute__((vector_size(16)));
#endif

/* RFC 1321 section 3.4: K[i] = floor(2^32 * |sin(i + 1)|); in the last round K - 1, as derived above. */
/* clang-format off */
static const uint32_t sines[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
	0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
	0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244 - 1, 0x432aff97 - 1, 0xab9423a7 - 1, 0xfc93a039 - 1,
	0x655b59c3 - 1, 0x8f0ccc92 - 1, 0xffeff47d - 1, 0x85845dd1 - 1,
	0x6fa87e4f - 1, 0xfe2ce6e0 - 1, 0xa3014314 - 1, 0x4e0811a1 - 1,
	0xf7537e82 - 1, 0xbd3af235 - 1, 0x2ad7d2bb - 1, 0xeb86d391 - 1,
};
/* clang-format on */

#if defined(__ARM_NEON) && MD5_WIDTH == 4
/* NEON has no rotation, but shifts into the bits that another shift has left free: two instructions, not three. */
#  include <arm_neon.h>
#  define ROTATE(x, s) ((words)vsriq_n_u32(vshlq_n_u32((uint32x4_t)(x), s), (uint32x4_t)(x), 32 - (s)))
#else
#  define ROTATE(x, s) ((x) << (s) | (x) >> (32 - (s)))
#endif

#if MD5_SETS == 1
#  define EACH_SET(DO, ...) DO(0, __VA_ARGS__)
#elif MD5_SETS == 2
#  define EACH_SET(DO, ...) DO(0, __VA_ARGS__) DO(1, __VA_ARGS__)
#elif MD5_SETS == 3
#  define EACH_SET(DO, ...) DO(0, __VA_ARGS__) DO(1, __VA_ARGS__) DO(2, __VA_ARGS__)
#endif

/* Compilers may not look through this: what was computed before it stays computed before it. */
#if MD5_WIDTH == 1
#  define SETTLE(x) __asm__("" : "+r"(x))
#elif defined(__x86_64__)
#  define SETTLE(x) __asm__("" : "+v"(x))
#else
#  define SETTLE(x) __asm__("" : "+w"(x))
#endif

/* Step i of set n, with word `i_m` of the block. */
#define STEP(n, a, b, i, i_m, s, early, late)    \
  {                                              \
    words sum = a[n] + (m[n][i_m] + k[i]) early; \
    SETTLE(sum);                                 \
    sum = sum late;                              \
    a[n] = b[n] + ROTATE(sum, s);                \
  }
#define STEP_F(n, a, b, c, d, i, s) STEP(n, a, b, i, i, s, , +(d[n] ^ (b[n] & (c[n] ^ d[n]))))
#if MD5_SELECT
#  define STEP_G(n, a, b, c, d, i, s) STEP(n, a, b, i, (5 * (i) + 1) % 16, s, , +(c[n] ^ (d[n] & (b[n] ^ c[n]))))
#else
#  define STEP_G(n, a, b, c, d, i, s) STEP(n, a, b, i, (5 * (i) + 1) % 16, s, +(c[n] & ~d[n]), +(b[n] & d[n]))
#endif
#define STEP_H(n, a, b, c, d, i, s) STEP(n, a, b, i, (3 * (i) + 5) % 16, s, , +(b[n] ^ (c[n] ^ d[n])))
#define STEP_I(n, a, b, c, d, i, s) STEP(n, a, b, i, 7 * (i) % 16, s, , -(c[n] ^ (~b[n] & d[n])))

#define FOUR_STEPS(STEP, i, s0, s1, s2, s3) \
  PREPARE((i) / 4)                          \
  EACH_SET(STEP, a, b, c, d, i, s0)         \
  EACH_SET(STEP, d, a, b, c, (i) + 1, s1)   \
  EACH_SET(STEP, c, d, a, b, (i) + 2, s2)   \
  EACH_SET(STEP, b, c, d, a, (i) + 3, s3)
#define ROUND(STEP, i, s0, s1, s2, s3)      \
  FOUR_STEPS(STEP, i, s0, s1, s2, s3)       \
  FOUR_STEPS(STEP, (i) + 4, s0, s1, s2, s3) \
  FOUR_STEPS(STEP, (i) + 8, s0, s1, s2, s3) \
  FOUR_STEPS(STEP, (i) + 12, s0, s1, s2, s3)

#if MD5_WIDTH == 1

/* Nothing to transpose. */
#  define SLICES 1
static inline void slice(words m[16], const uint8_t *const *cursor, unsigned number, size_t offset)
{
	(void)number;
	memcpy(m, cursor[0] + offset, TALLY_MD5_BLOCK);
#  if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	for (int i = 0; i < 16; i++)
		m[i] = __builtin_bswap32(m[i]);
#  endif
}

#else

#  define SHUFFLE(x, y, ...) __builtin_shufflevector(x, y, __VA_ARGS__)
/* Index lists: one word, or two, of either vector in turns, from the lower or the upper half of each piece. */
#  if MD5_WIDTH == 4
#    define LOW_WORDS 0, 4, 1, 5
#    define HIGH_WORDS 2, 6, 3, 7
#    define LOW_PAIRS 0, 1, 4, 5
#    define HIGH_PAIRS 2, 3, 6, 7
#  elif MD5_WIDTH == 8
#    define LOW_WORDS 0, 8, 1, 9, 4, 12, 5, 13
#    define HIGH_WORDS 2, 10, 3, 11, 6, 14, 7, 15
#    define LOW_PAIRS 0, 1, 8, 9, 4, 5, 12, 13
#    define HIGH_PAIRS 2, 3, 10, 11, 6, 7, 14, 15
#  elif MD5_WIDTH == 16
#    define LOW_WORDS 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#    define HIGH_WORDS 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#    define LOW_PAIRS 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#    define HIGH_PAIRS 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
/* The lower or the upper two pieces of both vectors, then every second piece. */
#    define LOW_PIECES 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#    define HIGH_PIECES 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#    define EVEN_PIECES 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27
#    define ODD_PIECES 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31
#  endif

/* The address may lie beyond the lane's bytes. A prefetch doesn't fault; arithmetic on a pointer might be undefined. */
static inline void prefetch(const uint8_t *at)
{
	__builtin_prefetch((const void *)((uintptr_t)at + TALLY_MD5_PREFETCH));
}

#  if MD5_WIDTH == 16

/* Stage "quarters" for the lanes i, i+4, i+8 and i+12: a 4 x 4 transposition of pieces. q[j][i] waits in m[4j + i]. */
static inline void collect_quarters(words m[16], const uint8_t *const *cursor, unsigned i, size_t offset)
{
	words row[4];
	const uint8_t *at[4] = {cursor[i] + offset, cursor[i + 4] + offset, cursor[i + 8] + offset,
				cursor[i + 12] + offset};
	memcpy(&row[0], at[0], sizeof row[0]);
	memcpy(&row[1], at[1], sizeof row[1]);
	memcpy(&row[2], at[2], sizeof row[2]);
	memcpy(&row[3], at[3], sizeof row[3]);
	prefetch(at[0]);
	prefetch(at[1]);
	prefetch(at[2]);
	prefetch(at[3]);
	words low01 = SHUFFLE(row[0], row[1], LOW_PIECES), high01 = SHUFFLE(row[0], row[1], HIGH_PIECES);
	words low23 = SHUFFLE(row[2], row[3], LOW_PIECES), high23 = SHUFFLE(row[2], row[3], HIGH_PIECES);
	m[i] = SHUFFLE(low01, low23, EVEN_PIECES);
	m[4 + i] = SHUFFLE(low01, low23, ODD_PIECES);
	m[8 + i] = SHUFFLE(high01, high23, EVEN_PIECES);
	m[12 + i] = SHUFFLE(high01, high23, ODD_PIECES);
}

#    define QUARTER_SLICES 4
static inline words take_quarter(const words m[16], const uint8_t *const *cursor, unsigned i, unsigned j, size_t offset)
{
	(void)cursor;
	(void)offset;
	return m[4 * j + i];
}

#  else

#    define QUARTER_SLICES 0
/* With one or two pieces to a vector the loads themselves collect q[j][i]. */
static inline words take_quarter(const words m[16], const uint8_t *const *cursor, unsigned i, unsigned j, size_t offset)
{
	(void)m;
	quarter low;
	memcpy(&low, cursor[i] + offset + 16 * j, sizeof low);
	if (i == j)
		prefetch(cursor[i] + offset);
#    if MD5_WIDTH == 8
	quarter high;
	memcpy(&high, cursor[i + 4] + offset + 16 * j, sizeof high);
	if (i == j)
		prefetch(cursor[i + 4] + offset);
	return SHUFFLE(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
#    else
	return low;
#    endif
}

#  endif

/* Stage "words": m[4j…4j+3] from q[j][0…3]. */
static inline void collect_words(words m[16], const uint8_t *const *cursor, unsigned j, size_t offset)
{
	words q0 = take_quarter(m, cursor, 0, j, offset), q1 = take_quarter(m, cursor, 1, j, offset);
	words q2 = take_quarter(m, cursor, 2, j, offset), q3 = take_quarter(m, cursor, 3, j, offset);
	words low01 = SHUFFLE(q0, q1, LOW_WORDS), high01 = SHUFFLE(q0, q1, HIGH_WORDS);
	words low23 = SHUFFLE(q2, q3, LOW_WORDS), high23 = SHUFFLE(q2, q3, HIGH_WORDS);
	m[4 * j] = SHUFFLE(low01, low23, LOW_PAIRS);
	m[4 * j + 1] = SHUFFLE(low01, low23, HIGH_PAIRS);
	m[4 * j + 2] = SHUFFLE(high01, high23, LOW_PAIRS);
	m[4 * j + 3] = SHUFFLE(high01, high23, HIGH_PAIRS);
}

/* The transposition of one set, cut into SLICES, to be done in order. */
#  define SLICES (QUARTER_SLICES + 4)
static inline __attribute__((always_inline)) void slice(words m[16], const uint8_t *const *cursor, unsigned number,
							size_t offset)
{
#  if QUARTER_SLICES != 0
	if (number < QUARTER_SLICES) {
		collect_quarters(m, cursor, number, offset);
		return;
	}
#  endif
	collect_words(m, cursor, number - QUARTER_SLICES, offset);
}

#endif

/* A block has 16 groups of four steps; all slices of all sets are spread evenly over them. */
_Static_assert(16 >= SLICES * MD5_SETS, "at most one slice for a group");
#define SLICES_BEFORE(group) (SLICES * MD5_SETS * (group) / 16)
#define PREPARE(group)                                                                             \
  if (SLICES_BEFORE(group) != SLICES_BEFORE((group) + 1))                                          \
    slice(next[SLICES_BEFORE(group) / SLICES], cursor + SLICES_BEFORE(group) / SLICES * MD5_WIDTH, \
	  SLICES_BEFORE(group) % SLICES, ahead);

#define LOAD_STATE(n, words, row) memcpy(&words[n], state + LANES * (row) + MD5_WIDTH * (n), sizeof words[n]);
#define STORE_STATE(n, words, row) memcpy(state + LANES * (row) + MD5_WIDTH * (n), &words[n], sizeof words[n]);
#define COPY(n, to, from) to[n] = from[n];
#define ADD(n, to, from) to[n] += from[n];

void MD5_RUN(uint32_t *state, const uint8_t **cursor, size_t steps)
{
	/*
	 * The compiler must not know the constants: it would build 64 vectors of them before the loop, in more
	 * registers than there are. From memory an addition can broadcast them itself, or a load can.
	 */
	const uint32_t *k = sines;
#if MD5_WIDTH >= 8
	__asm__("" : "+r"(k));
#endif
	words buffer[2][MD5_SETS][16];
	words(*m)[16] = buffer[0], (*next)[16] = buffer[1];
	words a[MD5_SETS], b[MD5_SETS], c[MD5_SETS], d[MD5_SETS];
	EACH_SET(LOAD_STATE, a, 0)
	EACH_SET(LOAD_STATE, b, 1)
	EACH_SET(LOAD_STATE, c, 2)
	EACH_SET(LOAD_STATE, d, 3)

	const size_t size = steps * TALLY_MD5_BLOCK;
	for (unsigned i = 0; i < SLICES * MD5_SETS; i++)
		slice(m[i / SLICES], cursor + i / SLICES * MD5_WIDTH, i % SLICES, 0);
	for (size_t offset = 0; offset < size; offset += TALLY_MD5_BLOCK) {
		const size_t ahead = offset + TALLY_MD5_BLOCK < size ? offset + TALLY_MD5_BLOCK : offset;
		words sum_a[MD5_SETS], sum_b[MD5_SETS], sum_c[MD5_SETS], sum_d[MD5_SETS];
		EACH_SET(COPY, sum_a, a)
		EACH_SET(COPY, sum_b, b)
		EACH_SET(COPY, sum_c, c)
		EACH_SET(COPY, sum_d, d)
		ROUND(STEP_F, 0, 7, 12, 17, 22)
		ROUND(STEP_G, 16, 5, 9, 14, 20)
		ROUND(STEP_H, 32, 4, 11, 16, 23)
		ROUND(STEP_I, 48, 6, 10, 15, 21)
		EACH_SET(ADD, a, sum_a)
		EACH_SET(ADD, b, sum_b)
		EACH_SET(ADD, c, sum_c)
		EACH_SET(ADD, d, sum_d)
		words(*swap)[16] = m;
		m = next;
		next = swap;
	}
	EACH_SET(STORE_STATE, a, 0)
	EACH_SET(STORE_STATE, b, 1)
	EACH_SET(STORE_STATE, c, 2)
	EACH_SET(STORE_STATE, d, 3)
	for (size_t lane = 0; lane < LANES; lane++)
		cursor[lane] += size;
}
