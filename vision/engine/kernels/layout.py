"""Numbers that the files of this package agree on."""

STREAMS = 4  # sums that are added up side by side, one for every fourth column
K_BLOCK = 512  # columns after which the sums are added together
PANEL_STEPS = (
    K_BLOCK // STREAMS + 2
)  # two unused ones: at multiples of 4 KiB the streams would crowd the same cache lines
BLOCKS_TOGETHER = 17  # of inputs that go through all of a work item's groups: with 12 each, 0.4 MB of a stretch
PANEL_FLOATS = (
    STREAMS * PANEL_STEPS * 32 + 12 * 32
)  # scratch of a worker: two groups' stretch, and totals for 12 vectors
PADDING = 16  # floats behind arranged inputs that a kernel may read (and makes no use of)

# A matrix for machine code: 7 int64, four addresses and three numbers.
DATA, TABLES, STARTS, OUTLIERS, ROWS, COLUMNS, FORM = range(7)
MATRIX_NUMBERS = 7
Q12, BF16, F16, F32 = range(4)

# An instruction set for machine code: 7 int64, three entry points and four limits (see `steps`).
GEMV_AT, WIDEN_AT, GEMM_AT, GEMV_VECTORS, GEMV_LIMIT, GEMM_VECTORS, PANEL_GROUPS = range(7)
MATMUL_LOOPS = 7

# A product for machine code: 20 int64. First the matrix, then the instruction set, then
X, COUNT, Y, LDY, GROUPS, PANELS = range(14, 20)  # GROUPS: in a work item; PANELS: PANEL_FLOATS for every worker
MATMUL_ARGUMENTS = 20

# The inner loops of attention of an instruction set: two entry points and two limits (see `steps` and `attention`).
TILE_AT, SOFTMAX_AT, TILE_VECTORS, TILE_SUMS = range(4)
ATTENTION_LOOPS = 4

# The attention of a layer for machine code: 19 int64. First the inner loops, then what `attention.work_item` says.
(
    QUERIES,
    QUERY_STRIDE,  # floats from one token's queries to the next one's
    KEYS,
    VALUES,
    ATTENDED,
    ATTENDED_STRIDE,  # floats, as in QUERY_STRIDE
    TOKENS,  # that ask
    HEADS,
    KV_HEADS,
    HEAD_DIM,
    CAPACITY,  # keys that there is room for, a multiple of 16
    LENGTH,  # keys that are there
    PAST,  # keys that the first token sees beside its own; or EVERY_KEY
    SCRATCH,
    SCRATCH_BYTES,  # for every worker, at least 4 · attention.scratch_floats(…)
) = range(4, 19)
ATTENTION_ARGUMENTS = 19
EVERY_KEY = -1
QUERY_BLOCK = 24  # queries in a work_item: the keys come from the second cache once for so many
