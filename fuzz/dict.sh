#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes the dictionaries again: the names that occur in corpus/, the shapes of values, and the punctuation of each syntax.
set -euo pipefail
cd "$(dirname "$0")"

words() { # a word per line on standard input
	LC_ALL=C sort -u | while IFS= read -r word; do
		printf '"%s"\n' "$(printf %s "$word" | sed 's/[\\"]/\\&/g')"
	done
}
names() { # folders: names of elements and attributes
	local folder
	for folder in "$@"; do
		[ ! -d "../corpus/$folder" ] || LC_ALL=C grep -rhoaE '</?[A-Za-z][A-Za-z0-9.-]*|[ ][A-Za-z][A-Za-z0-9]*="' "../corpus/$folder" || true
	done
}
values() {
	printf '%s\n' 0 512 4194304 18446744073709551615 18446744073709551617 0123456789ABCDEF0123456789ABCDEF AAAAAA== 'MD5/' \
		000011-000022-000033-000044-000055-000066-000077-000088 '\DriveManifest.xml' '$root/' 2014-11-01 2018-10-01 2021-08-01
}
orders() { # how the document is read: see fuzz.h
	printf '%s\n' '"\x00\x01\x00\x00"' '"\x00\x07\x00\x00"' '"\x00\x00\x00\x05"' '"\x00\x00\x00\x40"'
}
xml() { printf '%s\n' '<?xml version="1.0" encoding="UTF-8"?>' '<!--' '-->' '<![CDATA[' ']]>' '&amp;' '&#x41;' '&lt;' '/>' '</' '<!DOCTYPE'; }
write() { # name; words on standard input
	{
		echo '# SPDX-License-Identifier: Apache-2.0'
		words
		orders
	} >"$1.dict"
}
{ xml; values; names manifest; } | write manifest
{ xml; values; names journal; printf '%s\n' '[BeginUpdateRecord]' '[EndUpdateRecord]' '[Type:' '[BeginValue]' '[EndValue]' 'DriveState: ' 'ActivityId: DriveInfo'; } | write journal
{ xml; values; names metadata properties; } | write sidefile
{ xml; values; names blob-list; } | write blob_list
{ xml; values; names drive-log copy-log verbose-log bill-of-materials error-list error-log; } | write logs
{ values; printf '%s\n' , ';' '""' '"' BasePath DstBlobPathOrPrefix DstItemPathOrPrefix BlobType ItemType Disposition MetadataFile PropertiesFile DriveLetter FormatOption SilentOrPromptOnFormat Encryption ExistingBitLockerKey Format AlreadyFormatted SilentMode PromptOnFormat Encrypt AlreadyEncrypted BlockBlob PageBlob None; } | write csv
{ values; LC_ALL=C grep -rhoaE '"[A-Za-z][A-Za-z0-9]*"' ../corpus/job 2>/dev/null || true; printf '%s\n' '{' '}' '[' ']' ':' ',' null true false '\u0000'; } | write job
{ xml; values; names job-template; } | write job_template
{ xml; values; names manifest journal metadata properties blob-list drive-log copy-log verbose-log error-log job-template; } | write all
