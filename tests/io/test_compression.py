from __future__ import annotations

import bz2
import gzip
import lzma
import random

import pytest
import zstandard

from datapipe.io.compression import Damaged, blocks

PACK = {"gz": gzip.compress, "zst": zstandard.compress, "bz2": bz2.compress, "xz": lzma.compress}


def collect(path):
    parts, damage = [], None
    try:
        parts.extend(blocks(str(path)))
    except Damaged as error:
        damage = error
    return b"".join(parts), damage


def holds(path, expected):
    """Compared here, for a failing assertion would print the difference of megabytes."""
    return collect(path) == (expected, None)


@pytest.fixture(scope="module")
def text():
    rng = random.Random(1)
    return "\n".join(
        " ".join(rng.choices(["the", "quick", "brown", "fox", "jumps", "über", "Hunde"], k=12)) for _ in range(30_000)
    ).encode()


@pytest.mark.parametrize("extension", PACK)
def test_whole_and_several_members(tmp_path, text, extension):
    path = tmp_path / f"a.txt.{extension}"
    path.write_bytes(PACK[extension](text))
    assert holds(path, text)
    path.write_bytes(PACK[extension](text[:1000]) + PACK[extension](b"") + PACK[extension](text[1000:]))
    assert holds(path, text)


@pytest.mark.parametrize("extension", PACK)
def test_many_tiny_members(tmp_path, extension):
    path = tmp_path / f"a.{extension}"
    path.write_bytes(b"".join(PACK[extension](b"%d\n" % i) for i in range(2000)))
    assert holds(path, b"".join(b"%d\n" % i for i in range(2000)))


@pytest.mark.parametrize("extension", PACK)
def test_data_that_unpacks_a_thousandfold(tmp_path, extension):
    path = tmp_path / f"a.{extension}"
    path.write_bytes(PACK[extension](bytes(50_000_000)))
    sizes = [len(block) for block in blocks(str(path))]
    assert sum(sizes) == 50_000_000


def test_skippable_frames_and_padding(tmp_path):
    path = tmp_path / "a.zst"
    skip = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    path.write_bytes(skip + zstandard.compress(b"a") + skip + zstandard.compress(b"b"))
    assert holds(path, b"ab")
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"a") + bytes(100) + gzip.compress(b"b") + bytes(1000))
    assert holds(path, b"ab")


def test_large_windows(tmp_path, text):
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=30)
    packed = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    path = tmp_path / "a.zst"
    path.write_bytes(packed.compress(text) + packed.flush())
    assert holds(path, text)


@pytest.mark.parametrize("extension", PACK)
def test_the_content_decides_where_the_name_is_wrong(tmp_path, text, extension):
    (tmp_path / "plain.jsonl").write_bytes(PACK[extension](text))
    assert holds(tmp_path / "plain.jsonl", text)
    (tmp_path / f"plain.jsonl.{extension}").write_bytes(b'{"text":"unpacked on the way"}')
    assert holds(tmp_path / f"plain.jsonl.{extension}", b'{"text":"unpacked on the way"}')


@pytest.mark.parametrize("extension", PACK)
def test_cut_at_every_byte(tmp_path, extension):
    text = b"".join(b"line %d of a small file\n" % i for i in range(40))
    packed = PACK[extension](text[:500]) + PACK[extension](text[500:])
    first = len(PACK[extension](text[:500]))
    path = tmp_path / f"a.txt.{extension}"
    got = []
    for size in range(len(packed) + 1):
        path.write_bytes(packed[:size])
        data, damage = collect(path)
        assert text.startswith(data)
        got.append(len(data))
        if size in (0, first, len(packed)):
            assert damage is None
            assert len(data) == {0: 0, first: 500, len(packed): len(text)}[size]
        else:
            assert damage is not None, size
            assert damage.offset == len(data)
            assert "ends early" in damage.error
    assert got == sorted(got)


@pytest.mark.parametrize("extension", PACK)
def test_a_cut_large_file_gives_what_can_be_decoded(tmp_path, text, extension):
    packed = PACK[extension](text)
    path = tmp_path / f"a.{extension}"
    path.write_bytes(packed[: len(packed) // 2])
    data, damage = collect(path)
    assert text.startswith(data)
    assert len(data) > len(text) // 4
    assert damage.offset == len(data)


@pytest.mark.parametrize("extension", PACK)
def test_corruption_and_garbage(tmp_path, text, extension):
    packed = bytearray(PACK[extension](text))
    middle = len(packed) // 2
    packed[middle : middle + 64] = bytes(byte ^ 0xFF for byte in packed[middle : middle + 64])
    path = tmp_path / f"a.{extension}"
    path.write_bytes(packed)
    data, damage = collect(path)
    assert damage is not None
    assert damage.offset == len(data)
    sound = len(text) // 8 if extension != "zst" else 0  # a zstd frame of this size may be one or two blocks
    assert data[:sound] == text[:sound]
    path.write_bytes(PACK[extension](text) + b"this is no stream")
    data, damage = collect(path)
    assert data == text
    assert damage.offset == len(text)


@pytest.mark.parametrize("extension", PACK)
def test_readers_tell_of_the_damage(read, tmp_path, extension):
    lines = [b'{"id":"%d","text":"document number %d"}\n' % (i, i * i) for i in range(3000)]
    packed = PACK[extension](b"".join(lines))
    path = tmp_path / f"a.jsonl.{extension}"
    path.write_bytes(packed[: len(packed) - 12])
    out = read("jsonl", path)
    assert out.column("id") == [str(i) for i in range(len(out.rows))]
    (bad,) = out.bad
    assert "stream is damaged" in bad.error
    assert bad.file == str(path)
    assert bad.offset >= sum(map(len, lines[: len(out.rows)])) - 1


def test_every_cut_of_a_compressed_reader_input(read, tmp_path):
    lines = [b'{"id":"%d","text":"document number %d"}' % (i, i * i) for i in range(20)]
    packed = gzip.compress(b"\n".join(lines) + b"\n")
    path = tmp_path / "a.jsonl.gz"
    for size in range(1, len(packed)):
        path.write_bytes(packed[:size])
        out = read("jsonl", path)
        assert out.column("id") == [str(i) for i in range(len(out.rows))]
        (bad,) = out.bad
        if bad.head:
            assert lines[len(out.rows)].startswith(bad.head.encode())
