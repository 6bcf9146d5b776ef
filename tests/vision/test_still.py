"""Pictures from outside: every kind that people have, and every kind of broken one."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vision import still
from vision.errors import Cancelled, PictureError, PictureTooLarge
from vision.still import StillPicture, load_picture

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def quarters(size: int = 32) -> Image.Image:
    """A picture of red, green, blue and white quarters, so that every turn and mirror of it looks different."""
    rgb = np.zeros((size, size, 3), np.uint8)
    half = size // 2
    rgb[:half, :half], rgb[:half, half:] = RED, GREEN
    rgb[half:, :half], rgb[half:, half:] = BLUE, WHITE
    return Image.fromarray(rgb)


def photograph() -> bytes:
    rgb = np.random.default_rng(3).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    return encoded(Image.fromarray(rgb), "JPEG", quality=90)


def png_header(width: int, height: int) -> bytes:
    """A PNG that declares this size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10))


def near(pixel: np.ndarray, colour: tuple[int, int, int], by: int = 12) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= by)


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "GIF", "WEBP", "AVIF", "JPEG"])
def test_every_common_format_is_read(format: str, tmp_path: Path) -> None:
    """The usual formats come out as RGB with their colours in place."""
    path = tmp_path / f"picture.{format.lower()}"
    path.write_bytes(encoded(quarters(), format))
    rgb = load_picture(path)
    assert rgb.shape == (32, 32, 3)
    assert rgb.dtype == np.uint8
    corners = [rgb[4, 4], rgb[4, 27], rgb[27, 4], rgb[27, 27]]
    assert all(near(pixel, colour) for pixel, colour in zip(corners, [RED, GREEN, BLUE, WHITE], strict=True))


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photograph_is_turned_upright(turn: int) -> None:
    """All eight EXIF orientations give the same upright picture."""
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[turn]
    upright = quarters().resize((48, 32), Image.Resampling.NEAREST)
    stored = upright if undo is None else upright.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = turn
    assert np.array_equal(load_picture(encoded(stored, "PNG", exif=exif)), np.array(upright))


def test_damaged_exif_costs_no_picture() -> None:
    """A picture whose EXIF block is garbage is shown as it is stored."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = bytearray(encoded(quarters(), "JPEG", exif=exif))
    at = data.index(b"Exif\0\0") + 6
    for garbage in (b"\xff" * 8, b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0"):
        data[at : at + 8] = garbage
        assert load_picture(bytes(data)).shape == (32, 32, 3)


def test_a_printers_jpeg_keeps_its_colours() -> None:
    """A CMYK JPEG is neither inverted nor refused."""
    rgb = load_picture(encoded(quarters().convert("CMYK"), "JPEG", quality=95))
    assert near(rgb[4, 4], RED, 30)
    assert near(rgb[27, 27], WHITE, 30)


def test_sixteen_bit_grey_keeps_its_shades() -> None:
    """16-bit grey is scaled to 8 bits, not cut off to white."""
    values = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    rgb = load_picture(encoded(Image.fromarray(values), "PNG"))
    assert rgb[0, 0].tolist() == [0, 0, 0]
    assert rgb[-1, -1].tolist() == [255, 255, 255]
    assert near(rgb[32, 0], (128, 128, 128), 2)


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "PA"])
def test_every_pixel_kind_becomes_rgb(mode: str) -> None:
    """Grey, black and white, palette and transparent pictures come out as plain colours."""
    rgb = load_picture(encoded(quarters().convert(mode), "PNG" if mode != "PA" else "TIFF"))
    assert rgb.shape == (32, 32, 3)
    assert near(rgb[27, 27], WHITE)


def test_see_through_parts_are_white() -> None:
    """Parts that are transparent by alpha, palette or colour key become white, and their hidden colour is not shown."""
    rgba = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    rgba.paste((255, 0, 0, 255), (0, 0, 4, 8))
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([*(0, 0, 0), *RED])
    palette.paste(1, (0, 0, 4, 8))
    keyed = Image.new("RGB", (8, 8), (1, 2, 3))
    keyed.paste(RED, (0, 0, 4, 8))
    for data in (
        encoded(rgba, "PNG"),
        encoded(palette, "PNG", transparency=0),
        encoded(palette, "GIF", transparency=0),
        encoded(keyed, "PNG", transparency=(1, 2, 3)),
    ):
        rgb = load_picture(data)
        assert near(rgb[4, 1], RED)
        assert near(rgb[4, 6], WHITE)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_an_animation_shows_its_first_picture(format: str) -> None:
    """Animated GIF, WebP and PNG (and a TIFF of pages) give their first picture."""
    first, second = Image.new("RGB", (16, 16), RED), Image.new("RGB", (16, 16), BLUE)
    assert near(load_picture(encoded(first, format, save_all=True, append_images=[second]))[8, 8], RED)


def test_two_hundred_megapixels_are_refused_before_decoding(tmp_path: Path) -> None:
    """A huge picture is refused by its header alone, in words that say the limit."""
    path = tmp_path / "huge.png"
    path.write_bytes(png_header(20_000, 10_000))
    with pytest.raises(PictureError, match=r"huge\.png is too large: at most 40 megapixels are read; save it smaller"):
        load_picture(path)


@pytest.mark.parametrize("size", [(8_000, 5_001), (12_000, 8_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_every_size_above_the_limit_is_refused_alike(size: tuple[int, int]) -> None:
    """Sizes just above our limit, above Pillow's warning and above its error get the same sentence."""
    with pytest.raises(PictureError, match="is too large: at most 40 megapixels"):
        load_picture(png_header(*size))


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    """A picture of 0 bytes is called empty, in a file and from the network."""
    path = tmp_path / "empty.jpg"
    path.write_bytes(b"")
    with pytest.raises(PictureError, match=r"empty\.jpg is empty \(0 bytes\)"):
        load_picture(path)
    with pytest.raises(PictureError, match=r"the upload is empty \(0 bytes\)"):
        load_picture(b"", name="the upload")


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.99])
def test_a_truncated_photograph_is_called_incomplete(kept: float, tmp_path: Path) -> None:
    """A download that broke off is not shown half grey as if it were whole."""
    path = tmp_path / "half.jpg"
    whole = photograph()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(PictureError, match=r"half\.jpg (is incomplete or damaged|cannot be decoded)"):
        load_picture(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello, this is a shopping list\n", "is a text file, not a picture: use JPEG"),
        ("Grüße\n".encode() * 200, "is a text file, not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is a drawing or a web page"),
        (b"<!DOCTYPE html><title>404</title>", "is a drawing or a web page"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is a HEIC picture, which is not read: use JPEG"),
        (b"\0\1\2\3" * 300, "is not a picture that can be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is a text file"),
        (photograph()[:3], "is not a picture that can be read"),
    ],
    ids=["text", "umlauts", "svg", "web page", "heic", "bytes", "postscript", "three bytes"],
)
def test_what_is_no_picture_is_called_what_it_is(content: bytes, words: str, tmp_path: Path) -> None:
    """A file named .jpg that holds something else is refused with what it seems to be and what to use."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=rf"photo\.jpg {words}"):
        load_picture(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    """A wrong path is told apart from a bad picture."""
    with pytest.raises(PictureError, match=r"there is no picture .*nowhere\.png"):
        load_picture(tmp_path / "nowhere.png")
    with pytest.raises(PictureError, match="is a folder: name a picture file in it"):
        load_picture(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    """A file without read permission is one clear error."""
    path = tmp_path / "secret.png"
    path.write_bytes(photograph())
    path.chmod(0)
    with pytest.raises(PictureError, match=r"secret\.png cannot be opened: Permission denied"):
        load_picture(path)


def test_measurements_are_not_a_picture() -> None:
    """Floating-point pixels have no colours to show and are refused."""
    with pytest.raises(PictureError, match="holds measurements"):
        load_picture(encoded(Image.new("F", (4, 4)), "TIFF"))


def with_scans(count: int) -> bytes:
    """A progressive JPEG with that many more scans of a few bytes each."""
    data = encoded(Image.new("L", (64, 64), 128), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


def test_a_jpeg_of_endless_scans_is_refused_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each scan costs a pass over all pixels, so that a small file could keep a processor busy for minutes."""
    monkeypatch.setattr("vision.still._load", lambda image, name: pytest.fail("it was decoded"))
    path = tmp_path / "bomb.jpg"
    for data in (with_scans(120), with_scans(120)[:-2], b"\xff\xd8" + b"\xff\xfe\0\2" * 2000 + with_scans(2)[2:]):
        path.write_bytes(data)
        for picture in (data, path):
            with pytest.raises(PictureError, match=r"is a JPEG of more than 100 scans, which takes too long: save it"):
                load_picture(picture)


def test_what_only_looks_like_scans_is_read() -> None:
    """Bytes like scans are allowed in a camera's own notes and in the film that a telephone puts behind the picture."""
    assert load_picture(with_scans(20)).shape == (64, 64, 3)
    data = photograph()
    notes = b"\xff\xe5" + struct.pack(">H", 2 + 2000) + b"\xff\xda" * 1000
    assert np.array_equal(load_picture(data[:2] + notes + data[2:] + b"\xff\xda" * 1000), load_picture(data))


def test_one_picture_does_not_wait_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small picture is read while a large one is being decoded, and the warnings are restored at the end."""
    begun, go_on = threading.Event(), threading.Event()
    load = still._load

    def slow(image: Image.Image, name: str) -> None:
        if name == "the large one":
            begun.set()
            assert go_on.wait(20.0)
        load(image, name)

    monkeypatch.setattr("vision.still._load", slow)
    before = list(warnings.filters)
    large = threading.Thread(target=load_picture, args=(photograph(), "the large one"), daemon=True)
    large.start()
    assert begun.wait(20.0)
    small = threading.Thread(target=load_picture, args=(photograph(), "the small one"), daemon=True)
    small.start()
    small.join(20.0)
    assert not small.is_alive()
    assert list(warnings.filters) != before
    go_on.set()
    large.join(20.0)
    assert list(warnings.filters) == before


WHOLE = {
    "JPEG": photograph(),
    "PNG": encoded(quarters(), "PNG"),
    "GIF": encoded(quarters(), "GIF"),
    "WEBP": encoded(quarters(), "WEBP"),
    "TIFF": encoded(quarters(), "TIFF", compression="tiff_lzw"),
    "BMP": encoded(quarters(), "BMP"),
    "AVIF": encoded(quarters(), "AVIF"),
}


@settings(max_examples=250, deadline=None, derandomize=True)  # the same bytes are tried in every run
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_no_damage_raises_anything_else(format: str, data: st.DataObject) -> None:
    """Bytes that are flipped or lost give a picture or a PictureError of one sentence, and never another error."""
    damaged = bytearray(WHOLE[format])
    for _ in range(data.draw(st.integers(0, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    keep = data.draw(st.integers(1, len(damaged)))
    sentence = ""
    try:
        assert load_picture(bytes(damaged[:keep])).shape[2] == 3
    except PictureError as error:
        sentence = str(error)
    assert "\n" not in sentence


def test_a_still_picture_is_a_camera(tmp_path: Path) -> None:
    """Every capture shows the picture as taken at the call, and its pixels cannot be changed."""
    path = tmp_path / "scene.png"
    path.write_bytes(encoded(quarters(), "PNG"))
    times = iter([10.0, 20.0])
    with StillPicture(path, clock=lambda: next(times)) as camera:
        first, second = camera.capture(), camera.capture(timeout_seconds=0.1)
    assert (first.captured_at, second.captured_at) == (10.0, 20.0)
    assert np.array_equal(first.rgb, np.array(quarters()))
    with pytest.raises(ValueError, match="read-only"):
        first.rgb[0, 0] = 0


def test_a_cancelled_capture_gives_nothing(tmp_path: Path) -> None:
    """A capture that nobody wants any more raises Cancelled, as a camera does."""
    path = tmp_path / "scene.png"
    path.write_bytes(encoded(quarters(), "PNG"))
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        StillPicture(path).capture(cancelled=cancelled)


def test_a_picture_that_would_take_too_much_memory_is_refused_before_decoding() -> None:
    """A WebP takes the most memory, so its limit is 25 megapixels, and that of the other kinds is 40."""
    large = Image.new("1", (7300, 5440))
    with pytest.raises(
        PictureTooLarge, match=r"at most 25 megapixels are read as WEBP; save it smaller \(it is 7300x5440\)"
    ):
        load_picture(encoded(large.convert("RGB"), "WEBP", method=0))
    assert load_picture(encoded(large, "PNG"), max_side_pixels=100).shape == (75, 100, 3)


MEASURE = """
import sys
from pathlib import Path
from vision.still import load_picture

def kilobytes(key):
    return int(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key)).split()[1])

for path in map(Path, sys.argv[1:]):
    load_picture(Path(sys.argv[1]).parent / "small.png", max_side_pixels=10)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    before = kilobytes("VmRSS")
    shape = load_picture(path.read_bytes(), max_side_pixels=1920).shape
    print(path.name, (kilobytes("VmHWM") - before) // 1000, *shape)
"""


def test_the_largest_pictures_take_half_a_gigabyte_at_most(tmp_path: Path) -> None:
    """This holds while they are decoded, and for transparent pictures and those turned on their side."""
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (32, 32)).save(tmp_path / "small.png")
    Image.new("RGBA", (7300, 5440), (1, 2, 3, 100)).save(tmp_path / "a.png", exif=turned, compress_level=1)
    Image.new("RGBA", (5770, 4330), (1, 2, 3, 100)).save(tmp_path / "a.webp", exif=turned, method=0)
    Image.new("RGB", (7300, 5440)).save(tmp_path / "a.jpeg", exif=turned, progressive=True)
    files = [str(path) for path in sorted(tmp_path.glob("a.*"))]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *files], capture_output=True, text=True, check=True, cwd=Path(still.__file__).parents[1]
    )  # fmt: skip
    told = [line.split() for line in done.stdout.splitlines()]
    assert [(name, *shape) for name, _, *shape in told] == [
        ("a.jpeg", "1920", "1431", "3"), ("a.png", "1920", "1431", "3"), ("a.webp", "1920", "1441", "3")
    ]  # fmt: skip
    assert max(int(megabytes) for _, megabytes, *_ in told) < 520, told


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16", "CMYK"])
def test_a_picture_made_smaller_at_once_looks_as_one_made_smaller_later(mode: str) -> None:
    """This holds for all kinds of pixels, and the proportions stay."""
    noise = np.random.default_rng(1).integers(0, 256, (12, 20, 3), np.uint8)
    image = Image.fromarray(noise).resize((400, 240), Image.Resampling.BICUBIC)
    image = (
        Image.fromarray((np.array(image.convert("L")).astype(np.uint16)) * 257)
        if mode == "I;16"
        else image.convert(mode)
    )
    data = encoded(image, "TIFF" if mode == "CMYK" else "PNG")
    small = load_picture(data, max_side_pixels=100)
    later = np.array(Image.fromarray(load_picture(data)).resize((100, 60), Image.Resampling.LANCZOS, reducing_gap=2.0))
    assert small.shape == (60, 100, 3)
    assert np.abs(small.astype(int) - later).max() <= 8
    assert load_picture(data, max_side_pixels=400).shape == (240, 400, 3)
