"""What can go wrong while seeing, each with one clear sentence: what, where, what to do.

    VisionError
    ├── CameraMissing      (OSError)     the camera cannot be opened at the start
    ├── CameraLost         (OSError)     it was there, and stays away
    ├── PictureError       (ValueError)  a picture file that cannot be used
    │   └── PictureTooLarge              it has more pixels than are read
    ├── VisionModelError   (OSError)     a model folder that is missing, broken or of another kind
    ├── RemoteError        (OSError)     the engine on another computer is away, or refuses
    ├── ReaderError        (OSError)     print cannot be read: the reader's models are missing or broken, or it failed
    ├── QuestionError      (ValueError)  a question that cannot be asked: empty, too long
    └── Cancelled                        the caller asked for the work to be dropped

It does not know which exit status or spoken phrase an error becomes: that is the caller's.
"""

_LONGEST = 1_000  # characters of a sentence: more than any of ours with two long paths in it


def one_line(text: str) -> str:
    """The text as one printable line: other characters by their codes, and a long text without its middle.

    Names out of a damaged or hostile file stand in error messages, and may hold line feeds, a terminal's commands, or
    megabytes.
    """
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "surrogatepass").decode() for letter in text
    )


class VisionError(Exception):
    """Base of every error that this package raises on purpose. As a text it is one printable line."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class CameraMissing(VisionError, OSError):
    """The camera could not be opened."""


class CameraLost(VisionError, OSError):
    """The camera worked and then stopped giving frames."""


class PictureError(VisionError, ValueError):
    """The picture cannot be read or is refused."""


class PictureTooLarge(PictureError):
    """The picture has more pixels than are read: a mistake, or a bomb."""


class VisionModelError(VisionError, OSError):
    """The vision-language model's folder cannot be used."""


class RemoteError(VisionError, OSError):
    """The engine on another computer gives no answer."""


class ReaderError(VisionError, OSError):
    """The reader of print cannot be used, or failed on this picture."""


class QuestionError(VisionError, ValueError):
    """The question cannot be asked."""


class Cancelled(VisionError):
    """The caller cancelled: nothing is wrong, and there is no result."""
