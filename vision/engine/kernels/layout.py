"""Numbers that the files of this package agree on."""

STREAMS = 4  # sums that are added up side by side, one for every fourth column
STRETCH = 512  # columns after which the sums are added together
PANEL_STEPS = (
    STRETCH // STREAMS + 2
)  # two unused ones: at multiples of 4 KiB the streams would crowd the same cache lines
PANEL_FLOATS = (
    STREAMS * PANEL_STEPS * 32 + 12 * 32
)  # scratch of a worker: two groups' stretch, and totals for 12 vectors
PADDING = 16  # floats behind arranged inputs that a kernel may read (and makes no use of)

# A matrix for machine code: 7 int64, four addresses and three numbers.
DATA, TABLES, STARTS, OUTLIERS, ROWS, COLUMNS, FORM = range(7)
DESCRIPTION = 7
Q12, BF16, F16, F32 = range(4)

# An instruction set for machine code: 7 int64, three entry points and four limits (see `steps`).
FEW_AT, WIDEN_AT, MANY_AT, FEW_VECTORS, FEW_LIMIT, MANY_VECTORS, PANEL_GROUPS = range(7)
STEPS = 7

# A product for machine code: 20 int64. First the matrix, then the instruction set, then
X, COUNT, Y, LDY, GROUPS, PANELS = range(14, 20)  # GROUPS: in a portion; PANELS: PANEL_FLOATS for every worker
PRODUCT_ARGUMENTS = 20
