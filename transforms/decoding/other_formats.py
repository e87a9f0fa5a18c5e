"""Files in other formats than CSV, by how they begin."""

import json
import re

from shardmill.schemas.errors import DataError
from shardmill.transforms.tfrecord.compress import GZIP_MAGIC

__all__ = ["check_format"]

_EXPORT = "export its table as CSV"
# The first bytes of files, and what these are. Magic numbers of letters alone stand here only if no
# column would be called so.
_MAGIC = (
    (GZIP_MAGIC, "gzip-compressed; give its name the suffix .gz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard-compressed; give its name the suffix .zst"),
    (b"\xfd7zXZ\x00", "xz-compressed; decompress it, or compress it as .gz, .bz2 or .zst"),
    (b"\x04\x22\x4d\x18", "LZ4-compressed; decompress it, or compress it as .gz, .bz2 or .zst"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; extract its CSV files"),
    (b"Rar!\x1a\x07", "a RAR archive; extract its CSV files"),
    (b"PAR1", f"a Parquet file; {_EXPORT}"),
    (b"ARROW1\x00\x00", f"an Arrow file; {_EXPORT}"),
    (b"FEA1\x00\x00\x00\x00", f"a Feather file; {_EXPORT}"),
    (b"Obj\x01", f"an Avro file; {_EXPORT}"),
    (b"\x80\x02", f"a pickle of Python; {_EXPORT}"),
    (b"\x80\x03", f"a pickle of Python; {_EXPORT}"),
    (b"\x80\x04\x95", f"a pickle of Python; {_EXPORT}"),
    (b"\x80\x05\x95", f"a pickle of Python; {_EXPORT}"),
    (b"\x93NUMPY", f"an array of NumPy; {_EXPORT}"),
    (b"\x89HDF\r\n\x1a\n", f"an HDF5 file; {_EXPORT}"),
    (b"RDX3\n", f"a data file of R; {_EXPORT}"),
    (b"X\n\x00\x00\x00", f"a data file of R; {_EXPORT}"),
    (bytes(12) + b"\xc2\xea\x81\x60", f"a data file of SAS; {_EXPORT}"),
    (b"$FL2@(#)", f"a data file of SPSS; {_EXPORT}"),
    (b"<stata_dta>", f"a data file of Stata; {_EXPORT}"),
    (b"SQLite format 3\x00", "an SQLite database; export its tables as CSV"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook or another document of Office; save it as CSV"),
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "a document in RTF; save it as text"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x7fELF", "a program"),
    (b"version https://git-lfs.github.com/spec/", "a pointer of Git LFS; fetch the data itself with `git lfs pull`"),
)
_ZIP = b"PK\x03\x04"
# Zip archives by the names of their first files.
_ZIPPED = (
    (b"xl/", "an Excel workbook; save it as CSV"),
    (b"[Content_Types].xml", "an Excel workbook or another document of Office; save it as CSV"),
    (b"opendocument.spreadsheet", "a spreadsheet of LibreOffice; save it as CSV"),
    (b".npy", f"arrays of NumPy; {_EXPORT}"),
)
_PAGES = (b"<!doctype html", b"<html")
# An object of JSON, or an array of them; what may follow a whole one; and its longest words.
_JSON = re.compile(r'\s*(?:\[\s*)?\{\s*"(?:[^"\\]|\\.)*"\s*:')
_AFTER_JSON = re.compile(r"[ \t]*(?:\r?\n\s*(?:\{.*)?)?", re.DOTALL)
_LONGEST_WORD = len("\\u00e9\\u00e9")
_BZIP2_BLOCK = b"1AY&SY"  # Follows "BZh" and a digit, which alone could be text.
_TAR = (257, b"ustar")


def check_format(head: bytes, path: str) -> None:
    """Tells files in other formats by their first bytes.

    Args:
        head: The file's beginning, decompressed.
        path: Its name.

    Raises:
        DataError: The file is in another format; the message says in which, and what to do.
    """
    what = _format_of(head)
    if what:
        raise DataError(f"{path!r} isn't a CSV file: it is {what}")


def _format_of(head: bytes) -> str | None:
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    if head.startswith(_ZIP):
        return next((what for name, what in _ZIPPED if name in head), "a zip archive; extract its CSV files")
    if head.startswith(b"BZh") and head[4:10] == _BZIP2_BLOCK:
        return "bzip2-compressed; give its name the suffix .bz2"
    if head[_TAR[0] :].startswith(_TAR[1]):
        return "a tar archive; extract its CSV files"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower().startswith(_PAGES):
        return "a web page; download the file that the page is about"
    return "JSON; convert it to CSV" if _is_json(head) else None


def _is_json(head: bytes) -> bool:
    """Whether a file is an object of JSON, or several.

    A row of CSV may begin with such an object, too; other cells or rows follow it then.
    """
    text = head.decode("utf-8-sig", "replace")
    if not _JSON.match(text):
        return False
    text = text.lstrip()
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:  # It goes on after the file's first bytes.
        return error.msg.startswith("Unterminated") or error.pos > len(text) - _LONGEST_WORD
    except RecursionError:  # Lists within lists, hundreds deep.
        return True
    return _AFTER_JSON.fullmatch(text, end) is not None
