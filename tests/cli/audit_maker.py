# SPDX-License-Identifier: Apache-2.0
"""Drives and the logs of a service that has worked on them, for the tests of audit.

Nothing here comes from what is tested: MD5 is hashlib's, CRC-64/NVME a table of its own, and XML is written by hand.
"""

import os
from dataclasses import dataclass, field
from typing import Optional
from xml.sax.saxutils import escape, quoteattr

from fixture import md5

POLYNOMIAL = 0x9A6C9329AC4BC9B5  # reflected (formats.md C-07)


def _table():
    rows = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
        rows.append(value)
    return rows


TABLE = _table()
ONES = 0xFFFFFFFFFFFFFFFF


def crc64(content):
    value = ONES
    for byte in content:
        value = value >> 8 ^ TABLE[(value ^ byte) & 0xFF]
    return value ^ ONES


assert crc64(b"123456789") == 0xAE8B14860A799888
assert crc64(bytes(1024)) == 7573843669953104266
assert crc64(b"") == 0


@dataclass
class Blob:
    path: str  # with its container
    content: bytes
    file_path: Optional[str] = None
    page: bool = False
    block: int = 4096
    ranges: Optional[list] = None  # (offset, length) where not all of it is listed
    snapshot: Optional[str] = None
    disposition: Optional[str] = None
    extra: str = ""  # elements at the end
    written: bool = True  # the file is on the drive

    def __post_init__(self):
        if self.file_path is None:
            self.file_path = "\\" + self.path.replace("/", "\\")

    def segments(self):
        if self.ranges is not None:
            return self.ranges
        return [(at, min(self.block, len(self.content) - at)) for at in range(0, len(self.content), self.block)]

    def element(self):
        name, parts = ("PageRange", "PageRangeList") if self.page else ("Block", "BlockList")
        lines = "".join(
            f'<{name} Offset="{at}" Length="{size}" Hash="{md5(self.content[at:at + size])}"/>\n'
            for at, size in self.segments()
        )
        snapshot = f"<Snapshot>{self.snapshot}</Snapshot>" if self.snapshot else ""
        disposition = f"<ImportDisposition>{self.disposition}</ImportDisposition>" if self.disposition else ""
        return (
            f"<Blob>\n<BlobPath>{escape(self.path)}</BlobPath>\n<FilePath>{escape(self.file_path)}</FilePath>\n{snapshot}"
            f"<Length>{len(self.content)}</Length>\n{disposition}<{parts}>\n{lines}</{parts}>\n{self.extra}</Blob>\n"
        )


def manifest(blobs, drive_id="9WM35C2V", export=False):
    key = "" if export else f"<StorageAccountKey>{'A' * 86}==</StorageAccountKey>\n"
    creator = "<ClientCreator>Windows Azure Import/Export service</ClientCreator>\n" if export else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<DriveManifest Version="2014-11-01">\n<Drive>\n'
        f"<DriveId>{escape(drive_id)}</DriveId>\n{key}{creator}<BlobList>\n{''.join(b.element() for b in blobs)}"
        "</BlobList>\n</Drive>\n</DriveManifest>\n"
    )


def make_drive(folder, blobs, **options):
    os.makedirs(folder, exist_ok=True)
    for blob in blobs:
        if not blob.written:
            continue
        local = os.path.join(folder, blob.file_path.strip("\\").replace("\\", "/"))
        os.makedirs(os.path.dirname(local), exist_ok=True)
        with open(local, "wb") as file:
            file.write(blob.content)
    with open(os.path.join(folder, "DriveManifest.xml"), "w", encoding="utf-8", newline="") as file:
        file.write(manifest(blobs, **options))


# ---- logs since 2021-08-01 ---------------------------------------------------------------------------------------


def log_path(path, export=False):
    """Import logs have a backslash behind the container (C-06)."""
    return path if export else path.replace("/", "\\", 1)


def stored(path, content, kind="BlockBlob", crc=None, size=None, export=False):
    value = crc64(content) if crc is None else crc
    length = len(content) if size is None else size
    etag = ' ETag="0x8D804D87F976907"' if export else ""
    return f'<File CloudFormat="{kind}"{etag} Path={quoteattr(log_path(path, export))} Size="{length}" crc64="{value}">\n</File>'


def verbose_2021(blobs, export=False):
    return "".join(stored(b.path, b.content, "PageBlob" if b.page else "BlockBlob", export=export) for b in blobs) + "\n"


def errored(path, category, code, message, kind="File", cloud=None):
    cloud_format = f' CloudFormat="{cloud}"' if cloud else ""
    return (
        f"<ErroredEntity{cloud_format} Path={quoteattr(path)}>\n  <Category>{category}</Category>\n"
        f"  <ErrorCode>{code}</ErrorCode>\n  <ErrorMessage>{escape(message)}</ErrorMessage>\n  <Type>{kind}</Type>\n"
        "</ErroredEntity>"
    )


def renamed(path, category, new, kind="File"):
    old = path if kind == "Container" else path.split("\\", 1)[1]
    message = (
        f"The original container/share/blob has been renamed to: {new} :from: {old} :because either name has invalid "
        "character(s) or length is not supported"
    )
    return errored(path, category, 1, message, kind)


def copy_log(entities, total, drive="72a1914a-7fb2-4e34-a135-5c7176c3ee41"):
    failed = len(entities)
    status = "Failed" if failed else "Succeeded"
    return (
        "".join(entities) + '<CopyLog Summary="Summary">\n  <DriveLogVersion>2021-08-01</DriveLogVersion>\n'
        f"  <DriveId>{drive}</DriveId>\n  <Status>{status}</Status>\n  <TotalFiles_Blobs>{total}</TotalFiles_Blobs>\n"
        f"  <FilesErrored>{failed}</FilesErrored>\n</CopyLog>\n"
    )


# ---- drive logs --------------------------------------------------------------------------------------------------


@dataclass
class Entry:
    blob: Blob
    status: str = "Completed"
    disposition: Optional[tuple] = None  # (text, status)
    bad: dict = field(default_factory=dict)  # number of a segment: its status
    path: Optional[str] = None  # what the service calls it
    only_bad: bool = False  # as an error log has it

    def element(self):
        b = self.blob
        name, parts = ("PageRange", "PageRangeList") if b.page else ("Block", "BlockList")
        lines = "".join(
            f'<{name} Offset="{at}" Length="{size}" Hash="{md5(b.content[at:at + size])}" '
            f'Status="{self.bad.get(number, "Completed")}"/>\n'
            for number, (at, size) in enumerate(b.segments())
            if number in self.bad or not self.only_bad
        )
        text, status = self.disposition or (None, None)
        disposition = f'<ImportDisposition Status="{status}">{text}</ImportDisposition>\n' if text else ""
        snapshot = f"<Snapshot>{b.snapshot}</Snapshot>\n" if b.snapshot else ""
        return (
            f'<Blob Status="{self.status}">\n<BlobPath>{escape(self.path or b.path)}</BlobPath>\n'
            f"<FilePath>{escape(b.file_path)}</FilePath>\n{snapshot}<Length>{len(b.content)}</Length>\n{disposition}"
            f"<{parts}>\n{lines}</{parts}>\n</Blob>\n"
        )


def drive_log(entries, status="Completed", drive_id="9WM35C2V", version="2014-11-01"):
    attribute = f' Version="{version}"' if version else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<DriveLog{attribute}>\n<DriveId>{escape(drive_id)}</DriveId>\n'
        f"{''.join(entry.element() for entry in entries)}<Status>{status}</Status>\n</DriveLog>\n"
    )
