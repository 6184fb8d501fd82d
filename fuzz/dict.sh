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
	printf '%s\n' '"\xDC\xDC\xDC\xDC\x01\x00\x00"' '"\xDC\xDC\xDC\xDC\x07\x00\x00"' '"\xDC\xDC\xDC\xDC\x00\x00\x05"' \
		'"\xDC\xDC\xDC\xDC\x00\x00\x40"'
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

# Disks: signatures, and GUIDs as they are stored.
binary() { # name, then words with C escapes
	local name=$1
	shift
	{
		echo '# SPDX-License-Identifier: Apache-2.0'
		printf '"%s"\n' "$@"
		orders
	} >"$name.dict"
}
guid() { # a GUID's text
	local a b c d e
	IFS=- read -r a b c d e <<<"$1"
	printf %s "${a:6:2}${a:4:2}${a:2:2}${a:0:2}${b:2:2}${b:0:2}${c:2:2}${c:0:2}$d$e" | sed 's/../\\x&/g'
}
binary partitions 'EFI PART' '\x55\xaa' 'NTFS    ' '-FVE-FS-' 'MSWIN4.1' 'EXFAT   ' 'ReFS' '\x00\x00\x01\x00' '\x5c\x00\x00\x00' \
	'\x80\x00\x00\x00\x80\x00\x00\x00' '\x00\x00\x00\x00\x05' '\x00\x00\x00\x00\x0f' '\x00\x00\x00\x00\xee' '\x00\x00\x00\x00\x07' \
	"$(guid ebd0a0a2-b9e5-4433-87c0-68b6b72699c7)" "$(guid e3c9e316-0b5c-4db8-817d-f92df00215ae)" \
	"$(guid 4967d63b-2e29-4ad8-8399-f6a339e3d001)" "$(guid 92a84d3b-dd80-4d0e-9e4e-b1e3284eaed8)"
binary containers conectix cxsparse vhdxfile head regi metadata '\xff\xff\xff\xff' '\x00\x00\x00\x02' '\x00\x00\x00\x03' '\x00\x00\x00\x04' \
	'\x00\x20\x00\x00' '\x00\x00\x10\x00' '\x06\x00\x00\x00' '\x07\x00\x00\x00' '\x80\x00\x00\x00' '\x00\x01\x00\x00' '\x80\x01\x00\x00' \
	"$(guid 2dc27766-f623-4200-9d64-115e9bfd4a08)" "$(guid 8b7ca206-4790-4b9a-b8fe-575f050f886e)" \
	"$(guid caa16737-fa36-4d43-b3b6-33f0aa44e76b)" "$(guid 2fa54224-cd1b-4876-b211-5dbed83bf4b8)" \
	"$(guid 8141bf1d-a96f-4709-ba47-f233a8faab5f)" "$(guid a8d35f2d-b30b-454d-abf7-d3d84834ab0c)"
