"""Corruptions of a stored file, of a picture above all: in base64, as a notebook holds it.

A function gives None if its kind does not apply. What is changed without that anybody sees it, such as a comment in the
file, the time of a PDF, or bytes after its end, is no corruption.
"""

import base64
import io
import struct
import zlib
from collections.abc import Callable
from random import Random

from PIL import Image, ImageCms, PngImagePlugin

SIGNATURE = 8  # bytes at the beginning of a PNG
END = 12  # bytes of its last chunk, which holds nothing


def damaged(mime: str, text: str, choose: Random) -> str:
    """One byte of the second third of the file is another."""
    data = bytearray(base64.b64decode(text))
    place = choose.randrange(len(data) // 3, 2 * len(data) // 3)
    data[place] ^= 1 << choose.randrange(8)
    return _in_base64(data)


def wrong_checksum(mime: str, text: str, choose: Random) -> str | None:
    """The checksum of the last part with content is wrong: browsers then show less, or nothing."""
    if mime != "image/png":
        return None
    data = bytearray(base64.b64decode(text))
    data[-END - 1] ^= 1
    return _in_base64(data)


def junk(mime: str, text: str, choose: Random) -> str:
    """A letter stands in the base64 that belongs to none: a browser shows nothing."""
    place = choose.randrange(len(text) // 3, len(text))
    return f"{text[:place]}!{text[place:]}"


def other_format(mime: str, text: str, choose: Random) -> str | None:
    """The same picture in another format than its MIME type says."""
    if not mime.startswith("image/"):
        return None
    file = io.BytesIO()
    other = choose.choice(("JPEG", "BMP", "GIF" if mime == "image/png" else "PNG"))
    options = {"quality": 100, "subsampling": 0} if other == "JPEG" else {}
    _opened(text).convert("RGB").save(file, other, **options)
    return _in_base64(file.getvalue())


def other_gamma(mime: str, text: str, choose: Random) -> str | None:
    """The file asks for a gamma of 1: a browser shows it much brighter."""
    return _with_chunk(mime, text, b"gAMA", struct.pack(">I", 100_000))


def color_profile(mime: str, text: str, choose: Random) -> str | None:
    """The file's colors are declared to be of another space (CIELAB's white and coordinates)."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    return _with_chunk(mime, text, b"iCCP", b"other\0\0" + zlib.compress(profile))


def transparent(mime: str, text: str, choose: Random) -> str | None:
    """What is white is transparent: in a dark theme it is black."""
    if mime != "image/png":
        return None
    picture = _opened(text).convert("RGBA")
    levels = picture.convert("RGB").convert("L").point(lambda level: 255 * (level < 255))
    if levels.getextrema()[0] == 255 or picture.getextrema()[3][0] < 255:
        return None
    picture.putalpha(levels)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return _in_base64(file.getvalue())


def repeated(mime: str, text: str, choose: Random) -> str | None:
    """An animation is shown once instead of for ever, or the other way round."""
    loops = _opened(text).info.get("loop") if mime.startswith("image/") else None
    return None if loops is None else _saved_anew(text, loop=1 - min(loops, 1))


def frame_missing(mime: str, text: str, choose: Random) -> str | None:
    """An animation has no last frame."""
    return _saved_anew(text, frames=slice(-1)) if _is_animated(mime, text) else None


def frames_reversed(mime: str, text: str, choose: Random) -> str | None:
    """An animation runs backward."""
    return _saved_anew(text, frames=slice(None, None, -1)) if _is_animated(mime, text) else None


def slower(mime: str, text: str, choose: Random) -> str | None:
    """An animation takes longer."""
    return _saved_anew(text, duration=300) if _is_animated(mime, text) else None


FILES: dict[str, Callable[[str, str, Random], str | None]] = {
    "a file cut off": lambda mime, text, choose: text[: len(text) // 8 * 4],
    "base64 cut off": lambda mime, text, choose: text[: len(text) // 2 // 4 * 4 + 1],
    "no file": lambda mime, text, choose: "",
    "a damaged file": damaged,
    "a wrong checksum": wrong_checksum,
    "a letter that is no base64": junk,
    "another file format": other_format,
    "another gamma": other_gamma,
    "a color profile": color_profile,
    "transparent for white": transparent,
    "another number of repetitions": repeated,
    "a frame missing": frame_missing,
    "frames in another order": frames_reversed,
    "frames shown longer": slower,
}

WHOLE = {"transparent for white"}  # its file is in order: what is compared in form only may be that
MIMES = {"image/png", "image/gif", "application/pdf"}


def animation() -> dict:
    """An output that no page shows: a GIF of three frames, shown for ever."""
    frames = [Image.new("P", (20, 20), n) for n in range(3)]
    file = io.BytesIO()
    for n, frame in enumerate(frames):
        frame.putpalette([0, 0, 0, 255, 0, 0, 0, 0, 255])
        frame.putpixel((n, n), (n + 1) % 3)
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0)
    return _displayed("image/gif", file.getvalue())


def document() -> dict:
    """An output that no page shows: a PDF."""
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(file, "PDF", title="a red page")
    return _displayed("application/pdf", file.getvalue())


def _displayed(mime, data):
    return {"output_type": "display_data", "data": {mime: _in_base64(data)}, "metadata": {}}


def _in_base64(data):
    return base64.b64encode(data).decode()


def _opened(text):
    return Image.open(io.BytesIO(base64.b64decode(text)))


def _is_animated(mime, text):
    return mime.startswith("image/") and getattr(_opened(text), "n_frames", 1) > 1


def _saved_anew(text, frames=slice(None), duration=None, loop=None):
    """A GIF with other frames or another time for each, in milliseconds."""
    picture = _opened(text)
    options = {
        "duration": picture.info["duration"] if duration is None else duration,
        "loop": picture.info.get("loop", 1) if loop is None else loop,
    }
    those = []
    for n in range(picture.n_frames):
        picture.seek(n)
        those.append(picture.convert("RGB"))
    first, *rest = those[frames]
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=rest, **options)
    return _in_base64(file.getvalue())


def _with_chunk(mime, text, name, content):
    """A PNG with a chunk more, after the first, which holds its size; None for another file."""
    if mime != "image/png":
        return None
    data = base64.b64decode(text)
    place = SIGNATURE + 25
    new = io.BytesIO()
    PngImagePlugin.putchunk(new, name, content)
    return _in_base64(data[:place] + new.getvalue() + data[place:])
