#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast and in how much memory each kind of document is linted: MB/s and peak memory on generated input.

    tests/bench/lint_table.py TALLYMAN MAKE_DRIVE [MIB] [FOLDER]

Prints a table; MIB is the size of each document (default 1024). Job descriptions are bounded by design (16 MiB).
"""
import os
import re
import subprocess
import sys
import tempfile

HASH = "0123456789ABCDEF0123456789ABCDEF"


def comment(i):
    """For documents that the rules keep small: what makes them large without being wrong."""
    return f"  <!-- line {i} of what somebody had to say -->\n"


KINDS = {
    "metadata": ("<Metadata>\n  <Name>value</Name>\n", comment, "</Metadata>\n"),
    "properties": ("<Properties>\n  <Content-Type>text/plain</Content-Type>\n", comment, "</Properties>\n"),
    "journal": (
        "[BeginUpdateRecord][2016/11/02 18:24:14.735][Type:NewJournalFile]\nVocabularyVersion: 2013-02-01\n[EndUpdateRecord]\n",
        lambda i: "[BeginUpdateRecord][2016/11/02 18:24:14.749][Type:ActivityRecord]\n"
        "ActivityId: PrepImportDriveCommandContext\nLogDirectory: F:\\logs\n[EndUpdateRecord]\n",
        "",
    ),
    "blob-list": ("<BlobList>\n", lambda i: f"  <BlobPath>container/folder{i // 1000}/file-{i}.jpg</BlobPath>\n", "</BlobList>\n"),
    "drive-log": (
        '<DriveLog Version="2014-11-01">\n  <DriveId>9WM35C2V</DriveId>\n',
        lambda i: f'  <Blob Status="Completed">\n    <BlobPath>c/file-{i}</BlobPath>\n    <FilePath>\\c\\file-{i}</FilePath>\n'
        f'    <Length>512</Length>\n    <ImportDisposition Status="Created">rename</ImportDisposition>\n    <BlockList>\n'
        f'      <Block Offset="0" Length="512" Hash="{HASH}" Status="Completed" />\n    </BlockList>\n  </Blob>\n',
        "  <Status>Completed</Status>\n</DriveLog>\n",
    ),
    "copy-log": (
        "",
        lambda i: f'<ErroredEntity Path="cargo\\deck-{i}.iso">\n  <Category>UploadErrorCloudHttp</Category>\n  <ErrorCode>409</ErrorCode>\n'
        "  <ErrorMessage>The blob type is invalid for this operation.</ErrorMessage>\n  <Type>File</Type>\n</ErroredEntity>\n",
        '<CopyLog Summary="Summary">\n  <DriveLogVersion>2021-08-01</DriveLogVersion>\n  <DriveId>cb57dbe8-0b67-45e0-ad40-a08fb5305c60</DriveId>\n'
        "  <Status>Failed</Status>\n  <TotalFiles_Blobs>72</TotalFiles_Blobs>\n  <FilesErrored>1</FilesErrored>\n</CopyLog>\n",
    ),
    "verbose-log": (
        "",
        lambda i: f'<File CloudFormat="BlockBlob" Path="container\\file-{i}" Size="1024" crc64="7573843669953104266">\n</File>\n',
        "",
    ),
    "bill-of-materials": ("", lambda i: f'<file size="1024" crc64="0x691bb2b09be5498a">\\media\\file-{i}.bin</file>\n', ""),
    "error-list": ("", lambda i: f'<file error="ERROR_BLOB_OR_FILE_NAME_CHARACTER_ILLEGAL">\\media\\file-{i}.bin</file>\n', ""),
    "error-log": (
        '<ErrorLog Version="2018-10-01">\n  <SessionId>session#1</SessionId>\n  <ItemType>PageBlob</ItemType>\n'
        '  <SourceDirectory>D:\\Cargo</SourceDirectory>\n  <Errors>\n    <Error Code="Not512Aligned">\n      <List>\n',
        lambda i: f'        <File Path="\\hold\\file-{i}.bin" />\n',
        "      </List>\n      <Count>1</Count>\n    </Error>\n  </Errors>\n  <Warnings />\n</ErrorLog>\n",
    ),
    "data-set": (
        "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\n",
        lambda i: f'"F:\\photos\\folder {i}\\",photos/folder{i}/,BlockBlob,rename,None,None\n',
        "",
    ),
    "drive-set": (
        "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey\n",
        lambda i: "G,Format,SilentMode,Encrypt,\n",
        "",
    ),
    "path-map": ("", lambda i: f"\\animals\\koala-{i}.jpg\tC:\\pictures\\koala-{i}.jpg\n", ""),
    "job-template": ("<ImportExportJobSettings>\n", comment, "</ImportExportJobSettings>\n"),
}


def write(path, head, entry, tail, size):
    with open(path, "w", encoding="utf-8") as out:
        written = out.write(head)
        i = 0
        while written < size - len(tail):
            block = "".join(entry(k) for k in range(i, i + 2000))
            i += 2000
            written += out.write(block)
        out.write(tail)


def write_job(path):
    key = "000011-000022-000033-000044-000055-000066-000077-000088"
    drives = ",".join(
        f'{{"driveId": "D{i}", "bitLockerKey": "{key}", "manifestFile": "\\\\DriveManifest.xml", "manifestHash": "{HASH}"}}'
        for i in range(10)
    )
    with open(path, "w", encoding="utf-8") as out:
        out.write(f'{{"location": "West US", "properties": {{"jobType": "Import", "driveList": [{drives}]}},')
        out.write('"tags": {' + ",".join(f'"tag{i}": "{"x" * 1000}"' for i in range(15000)) + "}}")


def measure(command):
    # GNU time writes its figure behind the command's own diagnostics.
    done = subprocess.run(["/usr/bin/time", "-f", "%e %M", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    seconds, peak = done.stderr.strip().splitlines()[-1].split()
    return float(seconds), int(peak), done.returncode


def main():
    if len(sys.argv) < 3:
        sys.exit(re.sub(r"\n\n.*", "", __doc__, flags=re.S) + "\nusage: lint_table.py TALLYMAN MAKE_DRIVE [MIB] [FOLDER]")
    tallyman, make_drive = sys.argv[1:3]
    mib = int(sys.argv[3]) if len(sys.argv) > 3 else 1024
    with tempfile.TemporaryDirectory(dir=sys.argv[4] if len(sys.argv) > 4 else None) as folder:
        print(f"{'kind':20} {'MiB':>6} {'MB/s':>6} {'peak MiB':>9}  exit")
        for kind in ["manifest", "job", *KINDS]:
            path = os.path.join(folder, "document")
            if kind == "manifest":
                # 424 bytes a blob, as make_drive writes them.
                subprocess.run([make_drive, "manifest", folder, str(mib * (1 << 20) // 424), "1"], check=True)
                path = os.path.join(folder, "DriveManifest.xml")
            elif kind == "job":
                write_job(path)
            else:
                head, entry, tail = KINDS[kind]
                write(path, head, entry, tail, mib << 20)
            size = os.path.getsize(path)
            seconds, peak, code = measure([tallyman, "lint", "--quiet", "--kind", kind, path])
            print(f"{kind:20} {size / (1 << 20):6.0f} {size / 1e6 / max(seconds, 0.01):6.0f} {peak / 1024:9.1f}  {code}", flush=True)
            os.unlink(path)


main()
