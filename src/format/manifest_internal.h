/* SPDX-License-Identifier: Apache-2.0 */
/* What the manifest's files share: manifest.c the flow, manifest_entry.c what a blob must obey, manifest_sas.c what its credential must, manifest_names.c the search for duplicates. */
#ifndef TALLY_FORMAT_MANIFEST_INTERNAL_H
#define TALLY_FORMAT_MANIFEST_INTERNAL_H

#include "base/fingerprint.h"
#include "format/block_ids.h"
#include "format/manifest.h"
#include "format/manifest_grammar.h"

/* Text that must outlive the parser's buffers. */
typedef struct owned_text {
	char *data;
	size_t size, capacity;
	bool set;
} owned_text;

typedef struct side_file {
	tally_side_reference reference;
	owned_text path;
} side_file;

struct tally_manifest {
	tally_document *document;
	tally_finder *finder;
	tally_manifest_options options;
	tally_manifest_totals totals;
	uint64_t drives;
	unsigned credential; /* which element held it; 0: none yet */
	owned_text sas_container; /* of a ContainerSas */
	/* Until there is one: the container of the first blob, and whether another blob lies in another. */
	owned_text first_container;
	bool several_containers;
	bool drive_has_lists;

	/* The list in hand. */
	side_file list_metadata, list_properties;

	/* The blob in hand. */
	tally_manifest_blob blob;
	bool begun; /* blob_begin was told */
	bool list_seen;
	owned_text blob_path, file_path, snapshot, disposition;
	side_file metadata, properties;
	uint64_t next_offset; /* end of the segment before */
	bool offset_lost;     /* nobody knows where it ends: its numbers are damaged */
	uint64_t last_offset;
	uint64_t early_end; /* where the segments end that came before Length did */
	uint64_t with_id, without_id;
	size_t id_text_size;
	bool ids_differ;
	tally_block_ids *ids;

	/* Finding duplicates; NULL when it is not asked for. */
	tally_fingerprinter *fingerprinter;
	tally_records blob_names, file_names;
};

/* Tells a finding; errors at blob level also become the blob's status. */
void tally_manifest_tell(tally_manifest *m, tally_rule_symbol rule, tally_place place, tally_text actual, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void tally_manifest_fail(tally_manifest *m, tally_result result, const tally_error *error);
/* When memory is short, the document fails. */
void tally_manifest_keep(tally_manifest *m, owned_text *kept, tally_text text);
/* Evidence of the kind; false when it contradicts what is known. */
bool tally_manifest_set_kind(tally_manifest *m, tally_manifest_kind kind);

/* manifest_entry.c */
void tally_manifest_check_blob_path(tally_manifest *m, const tally_value *value);
void tally_manifest_check_file_path(tally_manifest *m, const tally_value *value);
void tally_manifest_check_side_path(tally_manifest *m, const tally_value *value, tally_level level);
void tally_manifest_check_snapshot(tally_manifest *m, const tally_value *value);
void tally_manifest_check_segment(tally_manifest *m, const tally_value *attributes, tally_place place);
void tally_manifest_check_blob_end(tally_manifest *m);
void tally_manifest_check_drive_id(tally_manifest *m, const tally_value *value);

/* manifest_sas.c */
/* Whether the SAS opens this blob's container, as soon as it is known. */
void tally_manifest_check_container(tally_manifest *m, tally_text container, tally_place place);
void tally_manifest_check_account_key(tally_manifest *m, const tally_value *value);
void tally_manifest_check_container_sas(tally_manifest *m, const tally_value *value);

/* manifest_names.c */
void tally_manifest_note_names(tally_manifest *m);

#endif
