# SPDX-License-Identifier: Apache-2.0
"""Drives with all that a manifest can hold, for tests of the command. Hashes come from Python, not from what is tested."""

import base64
import os
from xml.sax.saxutils import escape, quoteattr

from fixture import md5

KEY = "A" * 86 + "=="
METADATA = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Metadata><Source>%d</Source></Metadata>\n"
PROPERTIES = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Properties><Content-Type>a/b%d</Content-Type></Properties>\n"


class Drive:
    """A drive that is written by one hand: files, side files and the manifest."""

    def __init__(self, folder, export=False):
        self.folder = folder
        self.export = export
        self.lists = []
        os.makedirs(folder)

    def local(self, path):
        return os.path.join(self.folder, *path.lstrip("\\").split("\\"))

    def write(self, path, content):
        os.makedirs(os.path.dirname(self.local(path)), exist_ok=True)
        with open(self.local(path), "wb") as file:
            file.write(content)

    def side(self, name, path, content):
        self.write(path, content)
        return f"<{name} Hash=\"{md5(content)}\">{escape(path)}</{name}>\n"

    def begin_list(self, metadata=None, properties=None):
        text = ""
        if metadata is not None:
            text += self.side("MetadataPath", f"\\list{len(self.lists)}.metadata", metadata)
        if properties is not None:
            text += self.side("PropertiesPath", f"\\list{len(self.lists)}.properties", properties)
        self.lists.append([text])

    def add(self, path, content, piece=4096, page=False, ids=None, disposition=None, snapshot=None, metadata=None,
            properties=None, blob_path=None):
        self.write(path, content)
        blob_path = blob_path or "data/" + path.lstrip("\\").replace("\\", "/")
        pieces = []
        for number, at in enumerate(range(0, len(content), piece)):
            part = content[at:at + piece]
            name = ""
            if ids == "hash":
                name = " Id=" + quoteattr("MD5/" + base64.b64encode(bytes.fromhex(md5(part))).decode())
            elif ids == "number":
                name = " Id=" + quoteattr(base64.b64encode(number.to_bytes(4, "little")).decode())
            pieces.append(
                f"<{'PageRange' if page else 'Block'} Offset=\"{at}\" Length=\"{len(part)}\"{name} Hash=\"{md5(part)}\"/>"
            )
        name = "PageRangeList" if page else "BlockList"
        self.lists[-1].append(
            f"<Blob><BlobPath>{escape(blob_path)}</BlobPath><FilePath>{escape(path)}</FilePath>"
            + (f"<Snapshot>{snapshot}</Snapshot>" if snapshot else "")
            + f"<Length>{len(content)}</Length>"
            + (f"<ImportDisposition>{disposition}</ImportDisposition>" if disposition else "")
            + f"<{name}>{''.join(pieces)}</{name}>"
            + (self.side("MetadataPath", path + ".metadata", metadata) if metadata else "")
            + (self.side("PropertiesPath", path + ".properties", properties) if properties else "")
            + "</Blob>\n"
        )

    def seal(self):
        credential = "" if self.export else f"<StorageAccountKey>{KEY}</StorageAccountKey>"
        creator = "<ClientCreator>Windows Azure Import/Export service</ClientCreator>" if self.export else ""
        lists = "".join("<BlobList>" + "".join(parts) + "</BlobList>\n" for parts in self.lists)
        self.write("\\DriveManifest.xml", (
            '<?xml version="1.0" encoding="UTF-8"?>\n<DriveManifest Version="2014-11-01">\n<Drive>'
            f"<DriveId>9WM35C2V</DriveId>{credential}{creator}\n{lists}</Drive></DriveManifest>\n"
        ).encode())
