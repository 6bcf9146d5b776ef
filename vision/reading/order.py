"""In which order the lines of a page are read, and which of them are one paragraph. Pure geometry, no model.

Lines come as quads with their corners named as the reader sees them, so a page may be turned any way. The method is a
recursive XY cut (Nagy and Seth, 1984) with three changes. The page is straightened first, by the direction of its
lines. Lines that run across the columns, such as a heading, divide the page from top to bottom before columns are
looked for. And two columns whose lines stand in rows are a table or a receipt, which is read row by row.

It knows where lines stand. It does not know what they say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median, median_low

from vision.reading.interface import Point, Quad

# Two lines stand in one row if their middles differ by less than this share of the lower one's height.
_SAME_ROW = 0.5
# The detector makes boxes some 19 of its pixels high around lower print too, so that those of two lines overlap and
# narrow white between columns is covered. A box is taken for print and margin if it is higher than this share of the
# distance to the next line. The margin is taken off all its sides, but for so much of the height.
_PRINT_SHARE, _MOST_MARGIN = 0.8, 0.4
# White between columns is at least this wide, in heights of a line. The detector's margin at both ends is taken off it.
_GUTTER = 0.5
# Columns are read row by row if this share of the lines in the one with fewer lines has a partner in the same row, and…
_IN_ROWS = 0.8
# … at most one of them is running text. Its lines are longer than this, in heights (about twelve letters), at their
# third quartile, …
_SHORT_CELL = 6.0
# … and half of its lines or more fill this share of the column.
_FILLED, _MOST_FILL = 0.7, 0.5
# Fewer rows than this are read row by row all the same: one line of a justified page may be found as two.
_FEWEST_ROWS = 3
# What stands below a line is looked for among so many that follow it down the page, also in other columns.
_LINES_BESIDE = 80
# A row above or below columns belongs to neither if its distance is so many usual ones, and so many times the largest
# distance within the columns. It is a page's header or footer.
_FAR_GAP, _FARTHER = 1.6, 1.3
# A new paragraph begins where the distance between two rows is so many times the usual one of its column, …
_PARAGRAPH_GAP = 1.3
# … or so many heights, whatever is usual, …
_WIDE_GAP = 2.2
# … where a heading begins or ends: its height is so many times the usual one of its column, …
_HEADING_RATIO = 1.3
# … where small print begins or ends, which must be long: a short line may have low letters only, …
_SMALL_RATIO, _SURE_WIDTH = 0.65, 8.0
# … where a row is indented by so many heights, …
_INDENT, _LARGEST_INDENT = 0.8, 8.0
# … or where the row before ends before this share of its column, if the column is filled with running text.
_LAST_LINE = 0.5


@dataclass(frozen=True)
class _Box:
    """A line on the straightened page, with its sides parallel to the page's. Lengths in pixels."""

    index: int
    left: float
    right: float
    middle: float  # of its height
    height: float

    @property
    def width(self) -> float:
        return self.right - self.left


_Row = list[_Box]  # from left to right


@dataclass(frozen=True)
class _Stretch:
    """Rows that follow each other in one column, or the rows of a table."""

    rows: list[_Row]
    is_table: bool = False


def paragraphs_of(quads: Sequence[Quad]) -> list[list[int]]:
    """The indices of the lines in reading order, paragraph by paragraph. A heading and a table's row count as one."""
    return [
        [box.index for row in rows for box in row]
        for stretch in _joined(_stretches(_straightened(quads)))
        for rows in _paragraphs(stretch)
    ]


def slant_degrees(quads: Iterable[Quad]) -> float:
    """How far the lines run from the page's nearest upright direction, positive where they fall to the right.

    The median of the lines' directions, each weighted by the square of its length; 0 without lines.
    """
    angle = math.degrees(_direction(quads))
    return angle - 90 * round(angle / 90)


def line_height(quad: Quad) -> float:
    """The height of a line in pixels, with the margin that the detector leaves around it."""
    return (_distance(quad.top_left, quad.bottom_left) + _distance(quad.top_right, quad.bottom_right)) / 2


def line_width(quad: Quad) -> float:
    """The length of a line in pixels."""
    return (_distance(quad.top_left, quad.top_right) + _distance(quad.bottom_left, quad.bottom_right)) / 2


def _distance(a: Point, b: Point) -> float:
    return math.hypot(a[0] - b[0], a[1] - b[1])


def _direction(quads: Iterable[Quad]) -> float:
    """The direction in which the lines are read, in radians: the weighted median around their sum.

    A corner is found some pixels off, so that the direction of a line of half the length is twice as uncertain. The
    weight is the square of the length: the inverse of the variance.
    """
    edges = [
        (
            (quad.top_right[0] - quad.top_left[0] + quad.bottom_right[0] - quad.bottom_left[0]) / 2,
            (quad.top_right[1] - quad.top_left[1] + quad.bottom_right[1] - quad.bottom_left[1]) / 2,
        )
        for quad in quads
    ]
    mean = math.atan2(sum(y for _, y in edges), sum(x for x, _ in edges))
    # Differences from the mean, so that directions around ±180° do not fall apart.
    turned = sorted(
        (math.remainder(math.atan2(y, x) - mean, math.tau), x * x + y * y) for x, y in edges if (x, y) != (0, 0)
    )
    half, passed = sum(weight for _, weight in turned) / 2, 0.0
    for difference, weight in turned:
        passed += weight
        if passed >= half:
            return mean + difference
    return mean


def _straightened(quads: Sequence[Quad]) -> list[_Box]:
    angle = _direction(quads)
    cos, sin = math.cos(angle), math.sin(angle)
    boxes = []
    for index, quad in enumerate(quads):
        corners = (quad.top_left, quad.top_right, quad.bottom_right, quad.bottom_left)
        x, y = (sum(corner[axis] for corner in corners) / 4 for axis in (0, 1))
        across, down = x * cos + y * sin, y * cos - x * sin
        width, height = line_width(quad), max(line_height(quad), 1e-6)
        boxes.append(_Box(index, across - width / 2, across + width / 2, down, height))
    return _sheared_back(_without_margin(boxes))


def _without_margin(boxes: list[_Box]) -> list[_Box]:
    """Boxes around low print, made as large as the print itself; others stay as they are."""
    distances = _distances_down(boxes)
    if not distances:
        return boxes
    usual = median(box.height for box in boxes)
    margin = usual - _PRINT_SHARE * median(distances)
    if margin <= 0:
        return boxes
    narrowed = []
    for box in boxes:
        less = min(margin * min(1.0, box.height / usual), _MOST_MARGIN * box.height)
        at_ends = min(less, _MOST_MARGIN * box.width) / 2
        left, right = box.left + at_ends, box.right - at_ends
        narrowed.append(replace(box, left=left, right=right, height=box.height - less))
    return narrowed


def _distances_down(boxes: list[_Box]) -> list[float]:
    """For each line that stands over another one, the distance between their middles."""
    ordered = sorted(boxes, key=lambda box: box.middle)
    distances = []
    for number, upper in enumerate(ordered):
        for lower in ordered[number + 1 : number + _LINES_BESIDE]:
            is_below = lower.middle - upper.middle > _SAME_ROW * min(upper.height, lower.height)
            if is_below and -_gap_between(upper, lower) > 0.5 * min(upper.width, lower.width):
                distances.append(lower.middle - upper.middle)
                break
    return distances


def _sheared_back(boxes: list[_Box]) -> list[_Box]:
    """Columns made upright: a page photographed from the side has lines that are level and edges that are not.

    The slope of an edge is the median over pairs of lines that begin at nearly one place: first neighbours, then lines
    further apart, which tell it more exactly. The edges of such a page also run together, so that the slope is another
    one on the left half of the lines than on the right half; in between it is interpolated.
    """
    ordered = sorted(boxes, key=lambda box: box.middle)
    at_left = at_right = (0.0, 0.0)  # place, slope
    for nearest, farthest in ((0.7, 3.0), (5.0, 25.0)):
        slopes = []
        for number, upper in enumerate(ordered):
            expected = _between(at_left, at_right, upper.left)
            for lower in ordered[number + 1 : number + _LINES_BESIDE]:
                below = (lower.middle - upper.middle) / upper.height
                aside = (lower.left - upper.left) / upper.height
                if nearest < below < farthest and abs(aside - expected * below) < 0.5:
                    slopes.append((upper.left, aside / below))
        if len(slopes) < 3:
            continue
        slopes.sort()
        half = len(slopes) // 2
        at_left, at_right = (
            (median(place for place, _ in part), median(slope for _, slope in part))
            for part in (slopes[: half + 1], slopes[half:])
        )
    start = ordered[0].middle if ordered else 0.0
    return [
        replace(
            box,
            left=box.left - _between(at_left, at_right, box.left) * (box.middle - start),
            right=box.right - _between(at_left, at_right, box.right) * (box.middle - start),
        )
        for box in boxes
    ]


def _between(a: Point, b: Point, place: float) -> float:
    """The value at a place between two points (place, value), and beyond them the value of the nearer one."""
    if b[0] <= a[0]:
        return a[1]
    return a[1] + (b[1] - a[1]) * min(max((place - a[0]) / (b[0] - a[0]), 0.0), 1.0)


def _stretches(boxes: list[_Box]) -> list[_Stretch]:
    """What is read one after the other, from the page's beginning to its end."""
    rows = _rows(boxes)
    columns = _columns(boxes)
    if len(columns) > 1 and len(rows) > 1:
        left, right = _split_at_widest(columns)
        if _is_table(left, right):
            return [_Stretch(rows, is_table=True)]
        return _stretches(left) + _stretches(right)
    blocks = _blocks(_bands(boxes))
    if len(blocks) < 2:
        return [_Stretch(rows)] if rows else []
    return [stretch for block in blocks for stretch in _stretches([box for band in block for box in band])]


def _joined(stretches: list[_Stretch]) -> list[_Stretch]:
    """Stretches without columns that follow each other down the page are one, so that its usual distance is known."""
    joined: list[_Stretch] = []
    for stretch in stretches:
        if joined and not stretch.is_table and not joined[-1].is_table:
            above, below = joined[-1].rows, stretch.rows
            if below[0][0].middle > above[-1][0].middle and _overlap(above, below):
                joined[-1] = _Stretch(above + below)
                continue
        joined.append(stretch)
    return joined


def _overlap(above: list[_Row], below: list[_Row]) -> bool:
    """Whether one stands over the other for most of the narrower one's width."""
    edges = [
        (min(row[0].left for row in rows), max(box.right for row in rows for box in row)) for rows in (above, below)
    ]
    shared = min(right for _, right in edges) - max(left for left, _ in edges)
    return shared > 0.5 * min(right - left for left, right in edges)


def _rows(boxes: Iterable[_Box]) -> list[_Row]:
    """Lines that stand side by side, from top to bottom."""
    rows: list[_Row] = []
    for box in sorted(boxes, key=lambda box: box.middle):
        if rows:
            beside = min(rows[-1], key=lambda other: _gap_between(other, box))
            if abs(beside.middle - box.middle) < _SAME_ROW * min(beside.height, box.height):
                rows[-1].append(box)
                continue
        rows.append([box])
    return [sorted(row, key=lambda box: box.left) for row in rows]


def _gap_between(a: _Box, b: _Box) -> float:
    return max(a.left, b.left) - min(a.right, b.right)


def _bands(boxes: Iterable[_Box]) -> list[list[_Box]]:
    """Lines whose middle halves overlap in height, directly or through others, from top to bottom."""
    bands: list[list[_Box]] = []
    end = -math.inf
    for box in sorted(boxes, key=lambda box: box.middle - box.height / 4):
        if box.middle - box.height / 4 < end:
            bands[-1].append(box)
        else:
            bands.append([box])
        end = max(end, box.middle + box.height / 4)
    return bands


def _columns(boxes: Sequence[_Box]) -> list[list[_Box]]:
    """Lines between which white runs from top to bottom, from left to right."""
    if not boxes:
        return []
    gutter = _GUTTER * median(box.height for box in boxes)
    columns: list[list[_Box]] = []
    end = -math.inf
    for box in sorted(boxes, key=lambda box: box.left):
        if box.left - end >= gutter:
            columns.append([box])
        else:
            columns[-1].append(box)
        end = max(end, box.right)
    return columns


def _split_at_widest(columns: list[list[_Box]]) -> tuple[list[_Box], list[_Box]]:
    ends = [max(box.right for box in column) for column in columns[:-1]]
    begins = [min(box.left for box in column) for column in columns[1:]]
    widest = max(range(len(ends)), key=lambda number: begins[number] - ends[number])
    left = [box for column in columns[: widest + 1] for box in column]
    right = [box for column in columns[widest + 1 :] for box in column]
    return left, right


def _is_table(left: list[_Box], right: list[_Box]) -> bool:
    """Whether two columns are read row by row."""
    cells = _cells(left), _cells(right)
    fewer, more = sorted(cells, key=len)
    in_rows = sum(
        any(abs(cell.middle - other.middle) < _SAME_ROW * min(cell.height, other.height) for other in more)
        for cell in fewer
    )
    if in_rows < _IN_ROWS * len(fewer):
        return False
    running_text = sum(not _is_narrow(column) and _fill(column) >= _MOST_FILL for column in _columns(left + right))
    return len(fewer) < _FEWEST_ROWS or running_text < 2


def _cells(column: list[_Box]) -> list[_Box]:
    """Each row of a column as one box."""
    return [
        _Box(row[0].index, row[0].left, max(box.right for box in row), row[0].middle, max(box.height for box in row))
        for row in _rows(column)
    ]


def _is_narrow(column: list[_Box]) -> bool:
    ratios = sorted(cell.width / cell.height for cell in _cells(column))
    return ratios[min(len(ratios) * 3 // 4, len(ratios) - 1)] < _SHORT_CELL


def _fill(column: list[_Box]) -> float:
    """The share of lines that fill most of their column."""
    width = max(box.right for box in column) - min(box.left for box in column)
    cells = _cells(column)
    return sum(cell.width >= _FILLED * width for cell in cells) / len(cells)


def _blocks(bands: list[list[_Box]]) -> list[list[list[_Box]]]:
    """Bands that belong together: with one white gutter through all of them, or none at all."""
    blocks: list[list[list[_Box]]] = []
    for band in bands:
        if blocks and _belongs(blocks[-1], band):
            blocks[-1].append(band)
        else:
            blocks.append([band])
            if len(blocks) > 1 and len(_columns(band)) > 1:
                _take_back(blocks[-2], blocks[-1])
    return [part for block in blocks for part in _without_header_and_footer(block) if part]


def _belongs(block: list[list[_Box]], band: list[_Box]) -> bool:
    together = [box for part in block for box in part]
    if len(_columns(together)) > 1:
        return len(_columns(together + band)) > 1
    return len(_columns(band)) == 1


def _take_back(before: list[list[_Box]], block: list[list[_Box]]) -> None:
    """Moves rows of a right column that begins higher than the left one from the block before."""
    left, _ = _split_at_widest(_columns(block[0]))
    edge = max(box.right for box in left)
    while len(before) > 1 and all(box.left > edge for box in before[-1]):
        near = before[-1][0]
        if block[0][0].middle - near.middle > _WIDE_GAP * near.height:
            return
        block.insert(0, before.pop())


def _without_header_and_footer(block: list[list[_Box]]) -> tuple[list[list[_Box]], list[list[_Box]], list[list[_Box]]]:
    """A block of columns in three parts: its header, the columns, its footer."""
    middles = [sum(box.middle for box in band) / len(band) for band in block]
    gaps = [below - above for above, below in pairwise(middles)]
    if len(block) < 4 or len(_columns([box for band in block for box in band])) < 2:
        return [], block, []
    usual = median(gaps)
    first, last = 0, len(block)
    if gaps[0] > max(_FAR_GAP * usual, _FARTHER * max(gaps[1:-1])):
        first = 1
    if gaps[-1] > max(_FAR_GAP * usual, _FARTHER * max(gaps[1:-1])):
        last -= 1
    return block[:first], block[first:last], block[last:]


def _paragraphs(stretch: _Stretch) -> list[list[_Row]]:
    """The rows of a stretch, divided into paragraphs."""
    rows = stretch.rows
    if stretch.is_table:
        return [[row] for row in rows]
    cells = [_cells(row)[0] for row in rows]
    usual = _usual([below.middle - above.middle for above, below in pairwise(cells)])
    usual_height = median_low(cell.height for cell in cells)
    left = median(cell.left for cell in cells)
    rights = sorted(cell.right for cell in cells)
    width = max(rights[len(rights) * 9 // 10] - left, 1e-6)
    is_flush = sum(abs(cell.left - left) < 0.5 * cell.height for cell in cells) >= 0.5 * len(cells)
    is_filled = is_flush and sum(cell.right - left >= 0.8 * width for cell in cells) >= 0.5 * len(cells)
    paragraphs = [[rows[0]]]
    for number in range(1, len(rows)):
        above, cell = cells[number - 1], cells[number]
        distance = cell.middle - above.middle
        indent = (cell.left - above.left) / cell.height
        begins = (
            distance > min(_PARAGRAPH_GAP * usual, _WIDE_GAP * max(cell.height, above.height))
            or _size_of(above, usual_height) != _size_of(cell, usual_height)
            or (is_flush and abs(above.left - left) < 0.5 * above.height and _INDENT < indent < _LARGEST_INDENT)
            or (is_filled and above.right - left < _LAST_LINE * width)
        )
        if begins:
            paragraphs.append([])
        paragraphs[-1].append(rows[number])
    return paragraphs


def _usual(distances: list[float]) -> float:
    """The distance between rows within a paragraph: the lower quartile of all."""
    return sorted(distances)[len(distances) // 4] if distances else 0.0


def _size_of(cell: _Box, usual_height: float) -> int:
    """1 for a heading, −1 for small print, 0 for the rest."""
    if cell.height > _HEADING_RATIO * usual_height:
        return 1
    return -1 if cell.height < _SMALL_RATIO * usual_height and cell.width > _SURE_WIDTH * cell.height else 0
