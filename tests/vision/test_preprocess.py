"""The square and its patches: shapes, colours, and the library's own layout bit for bit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vision.errors import VisionModelError
from vision.preprocess import PAD_COLOUR, SQUARE_PIXELS, PatchSpec, fitted, native_size, pixel_values, to_square

OFFICIAL = {
    "size": {"longest_edge": 16777216, "shortest_edge": 65536},
    "patch_size": 16,
    "temporal_patch_size": 2,
    "merge_size": 2,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "processor_class": "Qwen3VLProcessor",
    "image_processor_type": "Qwen2VLImageProcessorFast",
}
DEMO = OFFICIAL | {"patch_size": 32}
UNEVEN = OFFICIAL | {"patch_size": 14, "image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28]}


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


def halves(height: int, width: int) -> np.ndarray:
    """Left half red, right half blue."""
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[:, : width // 2, 0] = 255
    rgb[:, width // 2 :, 2] = 255
    return rgb


def checkpoint(folder: Path, config: object) -> Path:
    (folder / "preprocessor_config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("shape", [(480, 640), (1080, 1920), (448, 448), (1, 1), (1, 3000), (3000, 1), (3, 2)])
def test_every_picture_becomes_the_same_square(shape: tuple[int, int], fit: str) -> None:
    """Whatever a picture's size and shape, the model gets 448x448 RGB bytes."""
    square = to_square(noise(*shape), fit)  # type: ignore[arg-type]
    assert square.shape == (448, 448, 3)
    assert square.dtype == np.uint8


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_a_square_picture_of_the_right_size_is_left_alone(fit: str) -> None:
    """No fit touches a pixel of a picture that is already 448x448."""
    rgb = noise(448, 448)
    assert np.array_equal(to_square(rgb, fit), rgb)  # type: ignore[arg-type]


def test_pad_shows_everything_between_grey_bars() -> None:
    """A wide picture keeps both of its ends and its proportions, with mean grey above and below."""
    square = to_square(halves(100, 200), "pad")
    assert tuple(square[0, 0]) == tuple(square[-1, -1]) == PAD_COLOUR
    assert tuple(square[224, 3]) == (255, 0, 0)
    assert tuple(square[224, 444]) == (0, 0, 255)
    rows_of_picture = int((square[:, 10] != PAD_COLOUR).any(axis=1).sum())
    assert rows_of_picture == 224


def test_grey_bars_are_nothing_to_the_encoder() -> None:
    """A bar's normalised value is within half a step of a byte from zero, so it is neither light nor dark."""
    spec = PatchSpec(16, 2, 2)
    values, _ = pixel_values(np.full((32, 32, 3), PAD_COLOUR, np.uint8), spec)
    assert np.abs(values).max() < 1.01 / 255  # the step of a byte is 2 / 255


def test_crop_shows_the_middle() -> None:
    """Cropping a tall picture loses its ends and has no bars."""
    rgb = np.full((300, 100, 3), 255, np.uint8)
    rgb[:90] = 0
    rgb[-90:] = 0
    assert to_square(rgb, "crop").min() == 255


def test_stretch_fills_the_square_with_all_of_it() -> None:
    """Stretching keeps both ends and has no bars."""
    square = to_square(halves(100, 200), "stretch")
    assert tuple(square[0, 0]) == (255, 0, 0)
    assert tuple(square[-1, -1]) == (0, 0, 255)


def test_an_unknown_fit_is_refused() -> None:
    """A fit that is none of the three is an error."""
    with pytest.raises(ValueError, match='not "zoom"'):
        to_square(noise(10, 10), "zoom")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "size", "tokens"),
    [
        ((1080, 1920), (256, 448), 112),
        ((720, 1280), (256, 448), 112),
        ((480, 640), (352, 448), 154),
        ((1920, 1080), (448, 256), 112),
        ((500, 500), (448, 448), 196),
        ((3, 2), (448, 288), 126),
        ((1, 3000), (32, 448), 14),
        ((3000, 1), (448, 32), 14),
        ((1, 1), (448, 448), 196),
    ],
)
def test_a_picture_keeps_its_own_shape(shape: tuple[int, int], size: tuple[int, int], tokens: int) -> None:
    """Its longer side has 448 pixels and its shorter one a multiple of 32: 57 % of the square's tokens for 16:9."""
    rgb = fitted(noise(*shape), "native", 32)
    assert (rgb.shape, rgb.dtype) == ((*size, 3), np.uint8)
    _, grid = pixel_values(rgb, PatchSpec(16, 2, 2))
    assert int(grid.prod()) // 4 == tokens


@pytest.mark.parametrize("step", [28, 32, 64])
def test_no_other_size_distorts_a_picture_less(step: int) -> None:
    """Of all sizes with that longer side; never more than the square's tokens; turned, it is the same turned."""
    longest = SQUARE_PIXELS // step
    for width in range(200, 3000, 7):
        height, distortions = 200, {}
        for steps in range(1, longest + 1):
            seen, true = steps / longest, height / width
            distortions[steps * step] = max(seen / true, true / seen)
        size = native_size(height, width, step)
        assert size[1] == SQUARE_PIXELS
        assert distortions[size[0]] == min(distortions.values())
        assert native_size(width, height, step) == size[::-1]
        if step == 32 and width <= 2 * height:
            assert distortions[size[0]] < 1.07


@pytest.mark.parametrize("fit", ["native", "pad"])
def test_a_square_stays_as_it_is_in_its_own_shape(fit: str) -> None:
    """A picture of 448x448 keeps every pixel, also with the demo model's steps of 64 pixels."""
    rgb = noise(448, 448)
    assert np.array_equal(fitted(rgb, fit, 32), rgb)  # type: ignore[arg-type]
    assert np.array_equal(fitted(rgb, fit, 64), rgb)  # type: ignore[arg-type]


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_other_fits_make_the_square(fit: str) -> None:
    """The engine's way to a picture is the one that is tested above."""
    rgb = noise(30, 50)
    assert np.array_equal(fitted(rgb, fit, 32), to_square(rgb, fit))  # type: ignore[arg-type]


def test_its_own_shape_is_no_square() -> None:
    """Who asks for a square cannot ask for the picture's own shape."""
    with pytest.raises(ValueError, match='not "native"'):
        to_square(noise(10, 10), "native")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "most_pixels"), [((1080, 1920), 120_000), ((480, 640), 166_000), ((1280, 720), 120_000)]
)
def test_its_own_shape_equals_the_librarys_own_resizing(
    shape: tuple[int, int], most_pixels: int, tmp_path: Path
) -> None:
    """Where the library is limited so that it chooses the same size, all is equal bit for bit from the camera on."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    size = {"shortest_edge": 1024, "longest_edge": most_pixels}
    folder, rgb = checkpoint(tmp_path, OFFICIAL | {"size": size}), noise(*shape)
    library = Qwen2VLImageProcessorPil.from_pretrained(folder)(images=[rgb], return_tensors="np")
    values, grid = pixel_values(fitted(rgb, "native", 32), PatchSpec.of_checkpoint(folder))
    assert np.array_equal(grid, library["image_grid_thw"])
    assert np.array_equal(values, library["pixel_values"])


@pytest.mark.parametrize("shape", [(256, 448), (352, 448), (448, 256), (448, 192)])
def test_the_library_leaves_our_sizes_alone(shape: tuple[int, int], tmp_path: Path) -> None:
    """The published processor takes a picture that has its own shape already as it is, patch for patch."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    folder, rgb = checkpoint(tmp_path, OFFICIAL), noise(*shape)
    library = Qwen2VLImageProcessorPil.from_pretrained(folder)(images=[rgb], return_tensors="np")
    values, grid = pixel_values(rgb, PatchSpec.of_checkpoint(folder))
    assert np.array_equal(values, library["pixel_values"])
    assert np.array_equal(grid, library["image_grid_thw"])


@pytest.mark.parametrize("config", [OFFICIAL, DEMO, UNEVEN], ids=["official", "demo", "uneven"])
def test_patches_equal_the_library_bit_for_bit(config: dict[str, object], tmp_path: Path) -> None:
    """Our patches are those of transformers' own image processor, value by value, with its grid."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    folder = checkpoint(tmp_path, config)
    rgb = noise(448, 448)
    library = Qwen2VLImageProcessorPil.from_pretrained(folder, do_resize=False)(images=[rgb], return_tensors="np")
    values, grid = pixel_values(rgb, PatchSpec.of_checkpoint(folder))
    assert values.dtype == np.float32
    assert np.array_equal(values, library["pixel_values"])
    assert np.array_equal(grid, library["image_grid_thw"])


def test_the_official_model_sees_784_patches_in_196_tokens(tmp_path: Path) -> None:
    """A 448x448 picture is a grid of 1x28x28 patches of 1536 numbers for the published model."""
    spec = PatchSpec.of_checkpoint(checkpoint(tmp_path, OFFICIAL))
    values, grid = pixel_values(noise(448, 448), spec)
    assert values.shape == (784, 3 * 2 * 16 * 16)
    assert grid.tolist() == [[1, 28, 28]]
    assert spec.image_tokens() == 196


def test_a_picture_that_patches_do_not_fill_is_refused() -> None:
    """A side that is not a multiple of patch and merge is an error."""
    with pytest.raises(ValueError, match="multiple of 32"):
        pixel_values(noise(440, 448), PatchSpec(16, 2, 2))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"patch_size": 16}',
        json.dumps(OFFICIAL | {"patch_size": 0}),
        json.dumps(OFFICIAL | {"image_std": [0.5, 0, 0.5]}),
        json.dumps(OFFICIAL | {"image_mean": [0.5]}),
        json.dumps(OFFICIAL | {"patch_size": 17}),
    ],
    ids=["empty", "a list", "keys missing", "no patch", "no spread", "one mean", "does not fill"],
)
def test_a_broken_checkpoint_is_named(text: str, tmp_path: Path) -> None:
    """A damaged preprocessor_config.json is one clear error that names the file and says what to do."""
    (tmp_path / "preprocessor_config.json").write_text(text)
    with pytest.raises(VisionModelError, match=r"preprocessor_config\.json.*fetch the model again"):
        PatchSpec.of_checkpoint(tmp_path)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    """A folder that holds no model is said to hold none."""
    with pytest.raises(VisionModelError, match=r"is .* a Qwen3-VL model folder"):
        PatchSpec.of_checkpoint(tmp_path)
