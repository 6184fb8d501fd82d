/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file tallyman.h
 * The public interface of tallyman: checks drives prepared for the Azure Import/Export service, and the documents of
 * such a job, offline.
 *
 * Conventions that hold for every function here:
 *
 * - **Findings and errors are different things.** A *finding* is something wrong with a drive or a document. Findings
 *   are results: they reach the caller through a tally_sink. An *error* is something wrong with the run itself (no
 *   memory, a bad argument). Errors are the return value, with details in a caller-owned tally_error.
 * - **Text** is UTF-8, NUL-terminated. Text that came from a document or a drive may hold any other character,
 *   control characters included; escape it before it reaches a terminal. Secrets (storage account keys, SAS
 *   signatures, BitLocker keys) are masked before any text leaves the library. A volume's keys lie in memory that core
 *   dumps leave out; but journals are read into ordinary memory, and OpenSSL's ciphers have their own. A program that
 *   unlocks drives should forbid its core dumps, as the command does (setrlimit with RLIMIT_CORE).
 * - **Sizes and offsets** are bytes.
 * - **Threads.** The library keeps no global state of its own. Every function may be called from several threads at
 *   once, as long as each call has its own tally_sink and tally_error. Callbacks are made from the thread that
 *   called the library, never from a worker. libxml2 is initialised on first use, once, under a lock.
 * - **Reading only.** Nothing here ever writes to a drive or a document. Nothing here prints, exits, changes the locale
 *   or reads the environment, but for TMPDIR: temporary files, which have no names, are in that folder, else in /tmp.
 * - **Signals.** A file that is mapped into memory and then cut, or whose disk fails, raises SIGBUS in the thread that
 *   reads it. So while a check with TALLY_IO_AUTO or TALLY_IO_MMAP runs, the process has a handler for SIGBUS, which
 *   deals with accesses of the library's own threads and passes everything else on to the action that was there before;
 *   that action is back when the last such check ends. With TALLY_IO_READ and TALLY_IO_DIRECT nothing is installed.
 *   The library's threads block all signals that are not raised by their own accesses.
 */
#ifndef TALLYMAN_H
#define TALLYMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The version of this header. CMake reads these three lines. */
#define TALLY_VERSION_MAJOR 0
#define TALLY_VERSION_MINOR 1
#define TALLY_VERSION_PATCH 0

#if defined(__GNUC__)
#  define TALLY_API __attribute__((visibility("default")))
#  define TALLY_NODISCARD __attribute__((warn_unused_result))
#else
#  define TALLY_API
#  define TALLY_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** @return the version of the library in use, as "0.1.0". Static; never NULL. */
TALLY_API const char *tally_version(void);

/* ---- errors: something wrong with our run ------------------------------------------------------------------- */

/** What a function of this library can return. */
typedef enum tally_result {
	TALLY_OK = 0,
	TALLY_ERROR_NO_MEMORY, /**< an allocation failed */
	TALLY_ERROR_ARGUMENT,  /**< a parameter is out of its documented range */
	TALLY_ERROR_IO,        /**< the subject could not be opened or read at all; os_error says why */
	TALLY_ERROR_STOPPED,   /**< a callback asked to stop */
	TALLY_ERROR_INTERNAL,  /**< a library we build on failed in a way that cannot be blamed on the input */
	TALLY_ERROR_NO_FILES   /**< the process (or the system) may have no more files open; os_error says which */
} tally_result;

/** Details of an error. Owned by the caller, fixed in size, so that running out of memory can be reported too. */
typedef struct tally_error {
	tally_result code;
	int os_error;      /**< errno, or 0 */
	char message[480]; /**< one sentence for people, without a newline */
} tally_error;

/* ---- the catalogue: rules and statuses ---------------------------------------------------------------------- */

/** How bad a finding is. What a document states is an error; what was only seen in samples or inferred, a warning. */
typedef enum tally_severity { TALLY_SEVERITY_NOTE, TALLY_SEVERITY_WARNING, TALLY_SEVERITY_ERROR } tally_severity;

/** What a status or a finding speaks of. */
typedef enum tally_level {
	TALLY_LEVEL_DRIVE,
	TALLY_LEVEL_BLOB,
	TALLY_LEVEL_SEGMENT, /**< a block or a page range */
	TALLY_LEVEL_METADATA,
	TALLY_LEVEL_PROPERTIES,
	TALLY_LEVEL_DISPOSITION,
	TALLY_LEVEL_DOCUMENT,
	TALLY_LEVEL_JOB,
	TALLY_LEVEL_DRIVE_STATE, /**< a drive's state as the classic portal and the REST interface name it */
	TALLY_LEVEL_PORTAL,      /**< a drive's status as the current portal names it */
	TALLY_LEVEL_COPY_STATUS, /**< CopyStatus of the Data Box resource provider */
	TALLY_LEVEL_STAGE,       /**< StageName of the Data Box resource provider */
	TALLY_LEVEL_LOG_CODE     /**< a code of the 2018-10-01 and 2021-08-01 copy logs */
} tally_level;

/** What an offline check can say of a status. */
typedef enum tally_offline {
	TALLY_OFFLINE_YES,    /**< the condition itself can be established */
	TALLY_OFFLINE_PARTLY, /**< it can be refuted or suspected, not proved */
	TALLY_OFFLINE_QUOTED, /**< only by reading it in a log or a saved answer */
	TALLY_OFFLINE_NO      /**< depends on the service, the network, the carrier or an operator */
} tally_offline;

/** One status or state of the service. Static data. */
typedef struct tally_status {
	const char *code; /**< exactly as the service writes it, e.g. "ManifestNotFound" or "Manifest file error" */
	tally_level level;
	const char *portal_state;  /**< the nearest status of the current portal, or NULL */
	const char *classic_state; /**< the nearest drive or job state of the classic portal, or NULL */
	const char *copy_status;   /**< the nearest CopyStatus of the Data Box resource provider, or NULL */
	tally_offline offline;
	const char *meaning; /**< what it means */
	const char *offline_evidence; /**< what an offline check goes by */
	const char *advice; /**< what to do */
} tally_status;

/** Where a rule can be violated. */
typedef enum tally_scope {
	TALLY_SCOPE_FACT,     /**< nowhere: it only tells how the service or its tools behave */
	TALLY_SCOPE_DOCUMENT, /**< in a document by itself; lint finds it */
	TALLY_SCOPE_DRIVE,    /**< between a drive and its documents; check finds it */
	TALLY_SCOPE_JOB       /**< between the documents and drives of a job; job finds it */
} tally_scope;

/** One rule. Several rows may share an id when a rule of the documents has more than one aspect. Static data. */
typedef struct tally_rule {
	const char *id;     /**< e.g. "M-31" */
	const char *aspect; /**< tells rows of one id apart, e.g. "offset"; "" where there is one row only */
	tally_scope scope;
	tally_severity severity;
	tally_level level;
	const char *status;  /**< the code of the status it leads to at that level, or NULL */
	const char *summary; /**< what must hold, one sentence */
	const char *advice;  /**< what to do about a violation */
	const char *source;  /**< the document it comes from */
} tally_rule;

/** @return the number of rules in the catalogue. */
TALLY_API size_t tally_rule_count(void);
/** @param index 0 … tally_rule_count() - 1. @return the rule, static; NULL when index is out of range. */
TALLY_API const tally_rule *tally_rule_at(size_t index);
/** @return the number of statuses in the catalogue. */
TALLY_API size_t tally_status_count(void);
/** @param index 0 … tally_status_count() - 1. @return the status, static; NULL when index is out of range. */
TALLY_API const tally_status *tally_status_at(size_t index);
/**
 * Finds a status by its level and code.
 * @param code compared exactly; NULL gives NULL.
 * @return static, or NULL when the level has no such code.
 */
TALLY_API const tally_status *tally_status_find(tally_level level, const char *code);
/** @return the name of a level as the reports write it ("drive", "blob", …). Static; never NULL. */
TALLY_API const char *tally_level_name(tally_level level);
/** @return "error", "warning" or "note". Static; never NULL. */
TALLY_API const char *tally_severity_name(tally_severity severity);

/* ---- findings ----------------------------------------------------------------------------------------------- */

/** Something wrong with a drive or a document. Valid only during the callback that receives it. */
typedef struct tally_finding {
	const tally_rule *rule;     /**< never NULL */
	tally_severity severity;    /**< the rule's, raised by tally_check_options.strict */
	tally_level level;
	const tally_status *status; /**< what the service would report at that level, or NULL */
	const char *blob_path;      /**< or NULL */
	const char *file_path;      /**< as the manifest writes it, or NULL */
	const char *document;       /**< path of the document, or NULL */
	uint64_t line;              /**< in the document, from 1; 0: none */
	uint64_t document_offset;   /**< byte in the document, meaningful when line is not 0 */
	bool has_range;             /**< offset and length are set */
	uint64_t offset;            /**< first byte concerned in the file named by file_path */
	uint64_t length;      /**< what can't be read is told to the sector; wrong bytes by segments, or by pages
				   where two readings of a whole file differ */
	const char *expected; /**< or NULL */
	const char *actual;   /**< or NULL */
	const char *message;  /**< one sentence, never NULL */
} tally_finding;

/* ---- sinks: where results go -------------------------------------------------------------------------------- */

/** Where a run stands. */
typedef struct tally_progress {
	/**
	 * Of a check "unlocking the volume" and "reading the volume's names" (disks and images), "listing the archive",
	 * "looking for the manifest" and "reading the archive" (archives), "reading the manifest", "checking",
	 * "looking for other files"; of an audit before that "reading the logs" and "reading the list", and behind it "comparing"; of a
	 * job before its checks "reading the documents" and "reading the manifests"; of a document "reading". Static.
	 */
	const char *stage;
	uint64_t bytes_done; /**< of this stage */
	uint64_t bytes_total;
	uint64_t blobs_done, blobs_total;
	uint64_t findings;     /**< errors and warnings so far */
	const char *file_path; /**< the file in hand, or NULL */
} tally_progress;

/** The drive whose blobs come next. Valid only during the callback. */
typedef struct tally_drive_report {
	const char *drive_id; /**< as the manifest, or else the journal, or else the options give it; "" when none does */
	bool is_export;       /**< the manifest is known to be that of an export */
	/**
	 * What the service would end its work with before it comes to the blobs, at level drive; NULL: nothing known. Blobs
	 * are told all the same: what is on the drive can be checked.
	 */
	const tally_status *failure;
} tally_drive_report;

/** What kind of blob an entry of a manifest describes: by its list, for there is no other sign. */
typedef enum tally_blob_kind {
	TALLY_BLOB_UNDECIDED, /**< it has no list (so far) */
	TALLY_BLOB_BLOCK,     /**< BlockList */
	TALLY_BLOB_PAGE       /**< PageRangeList */
} tally_blob_kind;

/**
 * A blob, in manifest order. Valid only during the callback. When it begins, what stands in front of its list is known;
 * when it is finished, all of it.
 */
typedef struct tally_blob_report {
	uint64_t index; /**< from 0 */
	const char *blob_path, *file_path; /**< or NULL where the manifest has none */
	tally_blob_kind kind;
	bool has_length; /**< the manifest gives a length, and it is a number */
	uint64_t length;
	const char *snapshot;    /**< as the manifest writes it, or NULL */
	const char *disposition; /**< ImportDisposition as the manifest writes it, or NULL where it has none */
	/* Of a finished blob: */
	/** Level blob; NULL when the blob begins, and when it can't be known: its file, or a side file, is one that only
	 * Windows can read, and it was not checked. */
	const tally_status *status;
	/** Level disposition; NULL when there is no disposition or, mostly, when it can't be known offline. */
	const tally_status *disposition_status;
	uint64_t segments_listed, segments_checked;
} tally_blob_report;

/** A block or a page range of the blob that has begun. Valid only during the callback. */
typedef struct tally_segment_report {
	uint64_t blob_index; /**< of the blob, from 0 */
	uint64_t index;      /**< within the blob, from 0 */
	tally_blob_kind kind; /**< TALLY_BLOB_BLOCK or TALLY_BLOB_PAGE */
	uint64_t offset, length;
	/** The 16 bytes that the manifest gives; NULL when the entry is damaged: then offset and length mean nothing. */
	const uint8_t *md5;
	/** As the manifest writes it; NULL where there is none, or where it is no id, or looks like a secret. */
	const char *id;
	const tally_status *status; /**< level segment; NULL when it can't be known, as that of the blob */
} tally_segment_report;

/** The metadata or properties file in force for the blob that has begun. Valid only during the callback. */
typedef struct tally_side_report {
	uint64_t blob_index; /**< of the blob, from 0 */
	tally_level level;   /**< TALLY_LEVEL_METADATA or TALLY_LEVEL_PROPERTIES */
	bool is_global;      /**< the list's default, not the blob's own */
	const char *path;    /**< as the manifest writes it; NULL when the element is empty */
	const uint8_t *md5;  /**< the 16 bytes that the manifest gives, or NULL */
	const tally_status *status; /**< of that level; NULL when it can't be known, as that of the blob */
} tally_side_report;

/**
 * Receives results. Every callback may be NULL, and costs nothing then. Calls come from the thread that called the
 * library. In a check they come in the manifest's order: drive, then of each blob blob_begin, segment for each of its
 * segments, side_file for metadata, then for properties, and blob. Findings come in between, before the report of what
 * they speak of. A manifest that breaks off leaves its last blob without an end, or tells nothing of it.
 */
typedef struct tally_sink {
	void *context;
	/** One finding. All findings of a run come in a fixed order, whatever the number of threads. */
	void (*finding)(void *context, const tally_finding *finding);
	/** Manifest and journal were judged, as far as they were found. Once in a check, unless that ends with an error. */
	void (*drive)(void *context, const tally_drive_report *drive);
	/** One blob begins. */
	void (*blob_begin)(void *context, const tally_blob_report *blob);
	/** One segment of it is finished. */
	void (*segment)(void *context, const tally_segment_report *segment);
	/** One side file of it is finished. */
	void (*side_file)(void *context, const tally_side_report *side);
	/** One blob is finished. */
	void (*blob)(void *context, const tally_blob_report *blob);
	/** Called often; @return false to end the run with TALLY_ERROR_STOPPED. */
	bool (*progress)(void *context, const tally_progress *progress);
} tally_sink;

/* ---- lint: a document by itself ----------------------------------------------------------------------------- */

/** Which kind of document a file is. */
typedef enum tally_document_kind {
	TALLY_DOCUMENT_UNKNOWN, /**< as an option: recognise it by its content */
	TALLY_DOCUMENT_MANIFEST,
	TALLY_DOCUMENT_MANIFEST_IMPORT, /**< as an option: a manifest, judged as one for an import */
	TALLY_DOCUMENT_MANIFEST_EXPORT,
	TALLY_DOCUMENT_JOURNAL,
	TALLY_DOCUMENT_DRIVE_INFO,
	TALLY_DOCUMENT_METADATA,
	TALLY_DOCUMENT_PROPERTIES,        /**< of import or export */
	TALLY_DOCUMENT_PROPERTIES_IMPORT, /**< as an option: properties, judged as those for an import */
	TALLY_DOCUMENT_BLOB_LIST,         /**< what an export job selects; also the Data Box export order */
	TALLY_DOCUMENT_DRIVE_LOG,         /**< copy log of the classic service and of Data Box Disk (DriveLog) */
	TALLY_DOCUMENT_COPY_LOG,          /**< copy log since 2021-08-01 (ErroredEntity, CopyLog) */
	TALLY_DOCUMENT_VERBOSE_LOG,       /**< verbose log since 2021-08-01 (File) */
	TALLY_DOCUMENT_BILL_OF_MATERIALS, /**< Data Box: a line for each file with size and crc64 */
	TALLY_DOCUMENT_ERROR_LIST,        /**< Data Box: a line for each file that has a fault (error.xml) */
	TALLY_DOCUMENT_ERROR_LOG,         /**< validation log of the tools (ErrorLog) */
	TALLY_DOCUMENT_DATA_SET,          /**< dataset.csv */
	TALLY_DOCUMENT_DRIVE_SET,         /**< driveset.csv */
	TALLY_DOCUMENT_PATH_MAP,
	TALLY_DOCUMENT_JOB,               /**< a job as the REST interfaces take and give it (JSON) */
	TALLY_DOCUMENT_JOB_TEMPLATE       /**< a classic job template (XML configuration) */
} tally_document_kind;

/** @return the name of a kind, as --kind takes it and the reports write it ("manifest", "journal", …). Static. */
TALLY_API const char *tally_document_kind_name(tally_document_kind kind);
/** @return the kind of that name; TALLY_DOCUMENT_UNKNOWN when there is none. @param name may be NULL. */
TALLY_API tally_document_kind tally_document_kind_find(const char *name);

/** How to lint. All zero is the default. */
typedef struct tally_lint_options {
	tally_document_kind kind; /**< TALLY_DOCUMENT_UNKNOWN: recognise */
	bool strict;              /**< warnings become errors */
} tally_lint_options;

/** What came of linting a document. */
typedef struct tally_lint_result {
	tally_document_kind kind; /**< as recognised or given */
	bool valid;               /**< no error was found */
	uint64_t errors, warnings, notes;
} tally_lint_result;

/**
 * Judges a document by its rules. Memory doesn't grow with the document, but for 32 bytes a blob of a manifest and 16
 * bytes an entry of a blob list; a job description (JSON) may have at most 16 MiB.
 * @param path a file; "-" is standard input (copied to an unnamed temporary file when it can't be read twice).
 * @param options NULL for the defaults. @param sink may be NULL. @param error may be NULL.
 * @return TALLY_OK when the document was judged, whatever the judgement; TALLY_ERROR_IO when it can't be opened or
 * read, TALLY_ERROR_NO_MEMORY, TALLY_ERROR_NO_FILES, TALLY_ERROR_INTERNAL, TALLY_ERROR_STOPPED.
 */
TALLY_API TALLY_NODISCARD tally_result tally_lint_file(const char *path, const tally_lint_options *options,
						       const tally_sink *sink, tally_lint_result *result,
						       tally_error *error);

/**
 * The same for a document in memory.
 * @param name stands in the findings as the document's path; may be NULL.
 */
TALLY_API TALLY_NODISCARD tally_result tally_lint_memory(const void *bytes, size_t size, const char *name,
							 const tally_lint_options *options, const tally_sink *sink,
							 tally_lint_result *result, tally_error *error);

/* ---- check: a drive against its documents ------------------------------------------------------------------- */

/**
 * How the files of a drive are read. It makes no difference to what is found. Whatever the mode, a manifest, segment or
 * side file that can't be read, or has other bytes than it should, is read a second time past the page cache: the
 * finding's message says "flaky" when that gave the right bytes, else "bad". Archives are read once. Small files that are
 * not in the page cache are read many at once with AUTO and DIRECT, by io_uring; where the kernel refuses that, one
 * after the other. A program whose system calls are filtered so that unknown ones end it takes MMAP or READ.
 */
typedef enum tally_io_mode {
	TALLY_IO_AUTO,  /**< large segments mapped or read, whichever turns out faster; everything else read, small files
			     that are not in the page cache past it */
	TALLY_IO_MMAP,  /**< large segments mapped; everything else, and what can't be mapped, read */
	TALLY_IO_READ,  /**< read into buffers. Changes nothing of the process's signals */
	TALLY_IO_DIRECT /**< all files read from the medium, past the page cache; slower, but what is in the cache
			     proves nothing */
} tally_io_mode;

/** What to check. All zero but `drive` is the default. */
typedef struct tally_check_options {
	const char *drive;    /**< a mounted directory; a block device; an image (raw, in pieces, VHD, VHDX); or an
			       archive of a drive (tar, zip, 7z, ISO 9660, cpio) */
	const char *journal;  /**< a .jrn or DriveInfo file, or NULL */
	const char *manifest; /**< path on the drive; NULL: the journal's, else \DriveManifest.xml */
	const char *drive_id; /**< which drive of the journal; also compared with the manifest, instead of the disk's serial
			       number, which is then only warned of; or NULL */
	tally_document_kind kind; /**< MANIFEST_IMPORT, MANIFEST_EXPORT, or UNKNOWN to recognise it */
	/**
	 * Hashing threads, 1 … 256, of which no more are started than memory (256 MiB) and open files (RLIMIT_NOFILE,
	 * less 48 for the rest of the program) allow; 0: one for each processor that may be used, for a rotating disk
	 * two. Where others in the process have left fewer files than that, the check makes do with them, and waits for
	 * ten seconds when there is none; then it ends with TALLY_ERROR_NO_FILES. None of that is ever a finding.
	 */
	unsigned jobs;
	bool strict;              /**< warnings become errors */
	tally_io_mode io;         /**< how files are read */
	uint64_t max_rate;        /**< bytes per second that are read of the drive's files at most, second readings and
				       manifest and side files included; 0: no limit */
	/**
	 * A file, not on the drive, in which every segment is noted as soon as it is done, or NULL. A check that finds
	 * such a file goes on from there: what is noted isn't read again, as long as its file is the one that was read
	 * (inode, size, time of change). It belongs to one manifest on one drive; with another it is refused with
	 * TALLY_ERROR_ARGUMENT, and so is a file that is anything else. An image is known by its file (inode, size, time of
	 * change), a device by its serial number: where that is not known, and for an image in pieces, there is no checkpoint
	 * (TALLY_ERROR_ARGUMENT), as a copy could pass for what was checked. For archives it is ignored. When it can't be written, the check ends with
	 * TALLY_ERROR_IO. What could not be read (IOFailed) is not noted, as that may have been a cable: a check that goes on
	 * reads it again. The file is left in place: who has the report removes it when nothing was left unread
	 * (tally_summary.unread), as a check that finds all segments done reads nothing. A manifest that can't be read to its
	 * end has no checkpoint.
	 */
	const char *checkpoint;
	/**
	 * A file with the BitLocker key of the volume, when the drive is a disk or an image: the 48 digits of a recovery
	 * password, the Base64 of an external key, or a .BEK file; "-" is standard input. NULL: the journal's key. One that
	 * is empty is no key: TALLY_ERROR_ARGUMENT.
	 */
	const char *key_file;
	/**
	 * Asked for the key of a locked volume when neither the file nor the journal has one: writes it as text, with a
	 * NUL, into `key` of `size` bytes, which are wiped afterwards. @return false when there is none, which an empty one
	 * counts as. Or NULL.
	 * @param volume what BitLocker says of the volume (computer, name, date), for people.
	 */
	bool (*ask_key)(void *context, const char *volume, char *key, size_t size);
	void *ask_context; /**< for ask_key */
} tally_check_options;

/** Something that was not checked, and why. */
typedef struct tally_gap {
	const char *what, *why; /**< static or owned by the summary */
} tally_gap;

#define TALLY_GAPS_MAX 16

/** The result of a check. */
typedef struct tally_summary {
	const char *drive;  /**< as given in the options */
	const char *source; /**< "directory", "device", "image", "archive", or of an audit "papers" */
	char drive_id[128]; /**< as the manifest, or else the journal, or else the options give it; "" when none does */
	const tally_status *drive_status; /**< what the service would report; NULL when nothing can be said */
	/** What the current portal would show; NULL when nothing can be said. Static. */
	const char *portal_state;
	int exit_status;    /**< 0 nothing wrong, 1 something is wrong, 3 could not check */
	uint64_t blobs_listed, blobs_checked;
	uint64_t segments_listed, segments_checked;
	uint64_t bytes_hashed;
	tally_gap gaps[TALLY_GAPS_MAX];
	size_t gap_count;
	uint64_t errors, warnings, notes; /**< exact, also where a sink keeps fewer findings */
	uint64_t other_files, other_bytes; /**< on the drive, named by nothing */
	bool checkpointed; /**< options.checkpoint is this check's: remove it when nobody needs to go on from it */
	uint64_t unread; /**< blobs, segments and side files with the status IOFailed: the same check, with the same
			      checkpoint, tries just these again */
	uint64_t *status_counts; /**< tally_status_count() entries: how often each status of blobs, segments, metadata and
				      properties occurred. Owned by the summary. */
} tally_summary;

/**
 * Replays what the datacenter does to a drive, as far as that can be done offline, and says what it would report.
 * Files are opened below the drive's root only, never through symbolic links, and never written.
 * @param summary filled in also when something is wrong with the drive; release it with tally_summary_clear.
 * @param sink may be NULL. @param error may be NULL.
 * @return TALLY_OK when the drive was judged; TALLY_ERROR_IO when drive or journal can't be opened, or the drive is gone
 * before its end (its disk was disconnected: then what was found so far says nothing of the rest, nor is any status told);
 * TALLY_ERROR_ARGUMENT (also for a checkpoint that isn't this drive's, and for a locked volume without a key),
 * TALLY_ERROR_NO_MEMORY, TALLY_ERROR_NO_FILES, TALLY_ERROR_INTERNAL, TALLY_ERROR_STOPPED.
 */
TALLY_API TALLY_NODISCARD tally_result tally_check(const tally_check_options *options, const tally_sink *sink,
						   tally_summary *summary, tally_error *error);

/** Releases what a summary owns. NULL is fine; so is a summary that is all zero. */
TALLY_API void tally_summary_clear(tally_summary *summary);

/* ---- job: the documents and drives of a job, together ------------------------------------------------------- */

/** Which documents and drives to hold together. All zero but the subjects is the default. */
typedef struct tally_job_options {
	/**
	 * Drives, which are whatever tally_check takes (directories, block devices, images, archives), and documents:
	 * journals, DriveInfo files, manifests, or the job itself; at most 1,000. Which is which, the content says: what is
	 * text is a document, any other file a disk or an archive.
	 */
	const char *const *subjects;
	size_t subject_count;
	const char *job;     /**< the job's description (JSON), or NULL; it may be among the subjects instead */
	bool papers_only;    /**< read manifests, but don't check the files of drives */
	/**
	 * A file with a BitLocker key as for tally_check, or NULL. It is tried on volumes that no key of the documents opens;
	 * the keys of the documents are judged all the same. It is read before the drives are opened; where that fails or
	 * it is empty, the job ends.
	 */
	const char *key_file;
	bool strict;         /**< warnings become errors */
	/**
	 * Hashing threads, 1 … 256, shared out among the drives that are checked at the same time, of which each has
	 * one at least; 0: the processors are shared out so, and a rotating disk has no more than two.
	 */
	unsigned jobs;
	tally_io_mode io;    /**< how files are read */
	uint64_t max_rate;   /**< bytes per second that are read of each drive's files at most; 0: no limit */
} tally_job_options;

/** Receives the results of tally_job. Every callback may be NULL. Calls come from the thread that called tally_job. */
typedef struct tally_job_sink {
	void *context;
	/**
	 * A finding of a document, or between documents and drives; with papers_only also of opening a drive, whose path is
	 * the document then. In a fixed order; all before the first drive_done.
	 */
	void (*finding)(void *context, const tally_finding *finding);
	/** A finding of the check of the drive subjects[subject]; those of one drive come in a fixed order. */
	void (*drive_finding)(void *context, size_t subject, const tally_finding *finding);
	/**
	 * A drive's check is over; drives come in the order of the subjects, whichever is ready first.
	 * @param result as tally_check returns it, with `error`. @param summary is released when the call returns; its
	 * `source` is NULL when the drive's check was not begun.
	 */
	void (*drive_done)(void *context, size_t subject, tally_result result, const tally_summary *summary,
			   const tally_error *error);
	/**
	 * Called often; @return false to end the run: drives in work end with what was found so far, the others are
	 * not begun. @param subject the drive it speaks of, or SIZE_MAX while documents are read.
	 */
	bool (*progress)(void *context, size_t subject, const tally_progress *progress);
} tally_job_sink;

/** What became of a subject. */
typedef struct tally_job_subject {
	const char *path;                 /**< as given */
	tally_document_kind kind;         /**< of a document; TALLY_DOCUMENT_UNKNOWN for a drive */
	bool is_drive;                    /**< a directory, a device, an image or an archive */
	const char *journal;              /**< of a drive: the subject that its check goes by; or NULL */
	tally_error error;                /**< code TALLY_OK, or why it could not be used or checked to its end */
	/** As the manifest gives it; of a drive without one as its serial number or the key that opened it tells; or "". */
	char drive_id[128];
	/** Of a drive that was checked, or could not even be opened; NULL when nothing can be said. */
	const tally_status *drive_status;
} tally_job_subject;

/** A drive that any document or manifest speaks of. */
typedef struct tally_job_drive {
	char drive_id[128];
	bool is_listed;      /**< in the job's drive list */
	bool has_journal;    /**< a journal or DriveInfo file speaks of it */
	bool is_at_hand;     /**< it is one of the subjects */
	bool is_of_job;      /**< belongs to the job: it is listed; without a list, no other drive does */
	bool has_key, has_manifest_file, has_manifest_hash; /**< some document gives it, in a form that can be used */
	const tally_status *status; /**< what the service would report for it; NULL when nothing can be said */
} tally_job_drive;

/** What must not be in the open: the drive list with its keys. */
typedef struct tally_job_list tally_job_list;

/** The result of tally_job. */
typedef struct tally_job_summary {
	tally_job_subject *subjects; /**< in the order of the options; options.job, if given, is the last one. Callbacks
					may look at them */
	size_t subject_count;
	tally_job_drive *drives; /**< in the order of the job's list, then as they were met */
	size_t drive_count;
	bool has_list;     /**< a job's description was read that lists drives */
	bool is_complete;  /**< the documents hold all that creating the job needs: for each drive its id, key, manifest
				path and hash, no more drives than a job may have, and no document has an error or could not be read */
	const tally_status *job_status; /**< how the job would end, at level job; NULL when nothing can be said */
	int exit_status;   /**< 0 nothing wrong, 1 something is wrong, 3 something could not be checked */
	uint64_t errors, warnings, notes; /**< of documents and between them; each drive's are in its own summary */
	uint64_t drive_errors, drive_warnings; /**< of all drives' checks */
	tally_gap gaps[TALLY_GAPS_MAX];
	size_t gap_count;
	tally_job_list *list; /**< for tally_job_list_write; NULL when the drive list can't be made: */
	char list_refusal[240]; /**< … why. */
} tally_job_summary;

/**
 * Do the documents and drives of a job hold together? Reads all documents, opens the drives, reads their manifests,
 * compares what is said of each drive, and checks the drives as tally_check does. Drives on different disks are opened
 * and checked at the same time, those on one disk one after the other; of an image or an archive it is the disk on
 * which its file lies. Keys are compared and tried, never told: on each locked volume those of all documents, until one
 * opens it. Where that is another one than the documents give for the drive, theirs is tried too, and told if it is
 * wrong. A drive that can't be opened has its status as in tally_check, and the others go on. Drives stay open from the
 * reading of their manifests to the end of their check, so that nothing is unlocked or listed twice. Checks at the same
 * time share the memory and the open files of one; they are at most 16, and fewer where RLIMIT_NOFILE is below 1,000
 * (one for each 56). Memory: 16 bytes a blob of all manifests, and besides what a check needs the names on all volumes.
 * @param summary filled in also when a subject can't be used; release it with tally_job_summary_clear. It refers to the
 * options' texts. @param sink may be NULL. @param error may be NULL.
 * @return TALLY_OK when the job was judged, whatever the judgement; TALLY_ERROR_IO when the key file can't be read;
 * TALLY_ERROR_ARGUMENT, TALLY_ERROR_NO_MEMORY, TALLY_ERROR_NO_FILES, TALLY_ERROR_INTERNAL, TALLY_ERROR_STOPPED.
 */
TALLY_API TALLY_NODISCARD tally_result tally_job(const tally_job_options *options, const tally_job_sink *sink,
						 tally_job_summary *summary, tally_error *error);

/** Releases what a summary owns; nothing is left of keys. NULL is fine; so is a summary that is all zero. */
TALLY_API void tally_job_summary_clear(tally_job_summary *summary);

/** For whom a drive list is written. */
typedef enum tally_job_form {
	TALLY_JOB_REST,       /**< driveList of a Put Job request (JSON) */
	TALLY_JOB_DATABOX,    /**< importDiskDetailsCollection of a DataBoxCustomerDisk order (JSON) */
	TALLY_JOB_POWERSHELL, /**< DriveList of New-AzImportExport */
	TALLY_JOB_CLI         /**< arguments of az import-export create, for a POSIX shell */
} tally_job_form;

/**
 * Writes the job's drive list.
 * @param with_keys also the BitLocker keys: whoever reads it can open the drives. Without them asterisks stand there.
 * @param put takes all of the bytes: 0, or the errno of a failure, which ends the writing.
 * @return TALLY_OK; TALLY_ERROR_ARGUMENT when the list can't be written, or `with_keys` and a key is not known;
 * TALLY_ERROR_IO with os_error; TALLY_ERROR_NO_MEMORY.
 */
TALLY_API TALLY_NODISCARD tally_result tally_job_list_write(const tally_job_list *list, tally_job_form form,
							    bool with_keys,
							    int (*put)(void *context, const char *bytes, size_t size),
							    void *context, tally_error *error);

/* ---- audit: a drive against the logs of the service, and what was ordered --------------------------------------- */

#define TALLY_AUDIT_LOGS_MAX 255

/** What to audit. All zero but what is to be compared is the default. */
typedef struct tally_audit_options {
	/**
	 * The drive, as for tally_check. check.drive may be NULL when only papers are left: then check.manifest is a
	 * file of the local file system, and nothing is said of the drive itself. check.checkpoint is not used.
	 */
	tally_check_options check;
	const char *const *logs; /**< drive logs, copy logs and verbose logs of any generation, in any order */
	size_t log_count;        /**< 0 … TALLY_AUDIT_LOGS_MAX; at least 1 for an import */
	bool is_export;          /**< the drive came back from an export; needs logs or a list or nothing more than the drive */
	const char *list;        /**< export: the blob list that was ordered, or NULL */
	const char *incomplete;  /**< export: the list that incompleteBlobListUri leads to, saved; or NULL */
	/**
	 * Export: called for each blob (or prefix) that should be ordered or downloaded again, a path with the container
	 * in front and without a leading slash; or NULL. A text that holds a secret is counted, not told. Calls come in no particular order, each path at most once for
	 * each reason. @return false when it can't be taken: the run ends with TALLY_ERROR_STOPPED.
	 */
	bool (*missing)(void *context, const char *blob_path, bool is_prefix);
	void *missing_context;
} tally_audit_options;

/** The result of an audit. Numbers of blobs are those of the manifest. */
typedef struct tally_audit_summary {
	tally_summary check; /**< of the drive; its numbers of findings and its exit_status are those of the whole audit */
	bool is_export;
	uint64_t logs, logs_used; /**< given; of this drive, or not known to be another's */
	bool has_verbose;         /**< one of them lists everything, not only errors */
	uint64_t log_entries;     /**< of those that are used */
	uint64_t blobs_logged;    /**< that an entry speaks of */
	uint64_t blobs_stored;    /**< of which a log gives the CRC-64 that the service computed */
	/**
	 * Of those, the ones with the size and CRC-64 of what the drive holds, whose bytes are also those that the manifest
	 * describes: the service has exactly what was shipped, or an export what the service had.
	 */
	uint64_t blobs_proven;
	uint64_t blobs_refuted;   /**< size or CRC-64 differ */
	uint64_t blobs_failed;    /**< that a log reports an error for */
	uint64_t blobs_renamed;   /**< themselves, or their container */
	uint64_t blobs_unlogged;  /**< that a verbose log should name and doesn't */
	uint64_t entries_unknown; /**< entries of logs for which the manifest has no blob */
	uint64_t list_paths, list_prefixes;             /**< what was ordered */
	uint64_t paths_empty, prefixes_empty;           /**< what brought nothing */
	uint64_t blobs_unordered, snapshots;
	uint64_t left_out;       /**< entries of the incomplete list */
	uint64_t to_order_again; /**< how often options.missing was called, or would have been */
} tally_audit_summary;

/**
 * Checks a drive as tally_check does, and holds what comes of it against the service's logs, blob by blob; after an
 * export also against the list that was ordered. Where a log has CRC-64s, those of the drive's files are computed in the
 * same pass over the data. Findings come in the manifest's order, then those of what only the logs name, in their order.
 * Memory: 48 bytes for each entry of the logs (64 where it was renamed) and 16 for each of the list.
 * @param summary filled in also when something is wrong; release it with tally_audit_summary_clear.
 * @return as tally_check; TALLY_ERROR_ARGUMENT also for a file among the logs that is none.
 */
TALLY_API TALLY_NODISCARD tally_result tally_audit(const tally_audit_options *options, const tally_sink *sink,
						   tally_audit_summary *summary, tally_error *error);

/** Releases what a summary owns. NULL is fine; so is a summary that is all zero. */
TALLY_API void tally_audit_summary_clear(tally_audit_summary *summary);

#ifdef __cplusplus
}
#endif
#endif
