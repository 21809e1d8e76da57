"""Empties the tables that only an unwinding panic or a backtrace reads.

The function's panics abort, and its symbols are stripped: nobody ever reads them. The
compiler leaves out its own on request, but not those of the standard library, and the
linker none. What is empty has the length it had, so that no address changes, and packs
to nothing.
"""

from __future__ import annotations

import struct

# https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html: 64 bits, little-endian.
MAGIC = b"\x7fELF\x02\x01"
SECTIONS_AT, SECTION_COUNT = 40, 58
NAME, OFFSET, SIZE = 0, 4, 5  # in a section's header
# A first entry of length zero ends the table.
ZEROED = (b".eh_frame", b".gcc_except_table")
INDEX = b".eh_frame_hdr"
# https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/ehframechpt.html:
# version and where the table is stay; DW_EH_PE_omit says that there is no index to search.
OMITTED = b"\xff\xff"


def without_unwind_tables(binary: bytes) -> bytes:
    """The same program, which can tell no more where it was called from."""
    if not binary.startswith(MAGIC):
        raise ValueError("no ELF file of 64 bits, little-endian")
    emptied = bytearray(binary)
    for name, begin, end in _sections(binary):
        if name in ZEROED:
            emptied[begin:end] = bytes(end - begin)
        elif name == INDEX:
            emptied[begin + 2 : begin + 4] = OMITTED
            emptied[begin + 8 : end] = bytes(end - begin - 8)
    return bytes(emptied)


def _sections(binary: bytes) -> list[tuple[bytes, int, int]]:
    """Name, begin and end of each section."""
    (at,) = struct.unpack_from("<Q", binary, SECTIONS_AT)
    length, count, names = struct.unpack_from("<3H", binary, SECTION_COUNT)
    headers = [struct.unpack_from("<2I4Q", binary, at + number * length) for number in range(count)]
    texts = headers[names][OFFSET] if headers else 0

    def name(header: tuple[int, ...]) -> bytes:
        begin = texts + header[NAME]
        return binary[begin : binary.index(b"\0", begin)]

    return [(name(h), h[OFFSET], h[OFFSET] + h[SIZE]) for h in headers]
