"""Numbers that the files of this package agree on: sizes of blocks, and where each argument of a kernel stands.

Machine code takes its arguments as one address: that of a block of int64. Each block has names here for all its places,
and whoever writes or reads a block uses these names alone, never a bare number. Addresses, counts and sizes are int64
as they are; a float32 is stored as its bits in the lower half of an int64.
"""

# The order of sums in a product, and the scratch memory that it needs.
STREAMS = 4  # sums that are added up side by side, one for every fourth column
K_BLOCK = 512  # columns after which the sums are added together
PANEL_STEPS = K_BLOCK // STREAMS + 2  # two are unused: at multiples of 4 KiB the streams would share cache lines
ITEM_GROUPS = 8  # of 16 rows, at most in a work item of `gemm`
MOST_TOGETHER = 204  # vectors that pass all groups of a work item at once, at most: 0.4 MB of inputs in a k block
RESULTS_STRIDE = 16 * ITEM_GROUPS + 16  # floats from one vector's results to the next one's; see PANEL_STEPS
RESULTS_AT = STREAMS * PANEL_STEPS * 32  # floats of a k block of two groups, behind which the results are added up
PANEL_FLOATS = RESULTS_AT + MOST_TOGETHER * RESULTS_STRIDE  # of a worker
PADDING = 16  # floats behind arranged inputs that a kernel may read; it makes no use of their values

# A packed matrix: four addresses and three numbers.
DATA, TABLES, STARTS, OUTLIERS, ROWS, COLUMNS, FORM = range(7)
MATRIX_NUMBERS = 7
Q12, BF16, F16, F32 = range(4)  # values of FORM

# The inner loops of a product for an instruction set, see `dispatch`: three entry points and how much each takes at once.
GEMV_AT, WIDEN_AT, GEMM_AT, GEMV_VECTORS, GEMM_VECTORS, PANEL_GROUPS = range(6)
# What `tuning` chooses for a processor. None of it changes a result.
GEMV_LIMIT, PREFETCH_BYTES, VECTORS_TOGETHER = range(6, 9)
MATMUL_LOOPS = 9

# A product: first the matrix, then the inner loops, then these.
(
    X,
    COUNT,  # vectors in x
    Y,
    LDY,  # floats from one vector's results to the next one's
    GROUPS,  # groups of 16 rows in a work item
    PANELS,  # PANEL_FLOATS for every worker
) = range(MATRIX_NUMBERS + MATMUL_LOOPS, 22)
MATMUL_ARGUMENTS = 22

# The arrangement of a product's inputs, see `matmul.arrange`.
ARRANGE_X, ARRANGE_COLUMNS, ARRANGE_COUNT, ARRANGE_BLOCKS, ARRANGE_OUT, ARRANGE_FOR_GEMM = range(6)
ARRANGE_ARGUMENTS = 6

# The inner loops of attention for an instruction set, see `dispatch`: two entry points and two limits.
TILE_AT, SOFTMAX_AT, TILE_VECTORS, TILE_SUMS = range(4)
ATTENTION_LOOPS = 4

# The attention of a layer: first the inner loops, then these, see `attention.work_item`.
(
    QUERIES,
    QUERY_STRIDE,  # floats from one token's queries to the next one's
    KEYS,
    VALUES,
    ATTENDED,
    ATTENDED_STRIDE,  # floats from one token's results to the next one's
    TOKENS,  # that ask
    HEADS,
    KV_HEADS,
    HEAD_DIM,
    CAPACITY,  # keys that there is room for, a multiple of 16
    LENGTH,  # keys that are there
    PAST,  # keys that the first token sees beside its own; or EVERY_KEY
    SCRATCH,
    SCRATCH_BYTES,  # for every worker, at least 4 · attention.scratch_floats(…)
) = range(ATTENTION_LOOPS, 19)
ATTENTION_ARGUMENTS = 19
EVERY_KEY = -1  # a value of PAST: all tokens see all keys
QUERY_BLOCK = 24  # queries in a work item: the keys come from the second cache once for so many

# A kernel of `rowwise`. Each reads the places that its docstring names; the others are 0.
(
    ROW_COUNT,  # rows of the job
    ROW_WORK_ITEMS,  # into which the rows are cut
    ROW_X,
    ROW_Y,
    ROW_OUT,
    ROW_WEIGHT,
    ROW_BIAS,
    ROW_COLUMNS,  # floats in a row of the result
    ROW_EPSILON,  # float32
) = range(9)
ROW_ARGUMENTS = 9

# `rowwise.split_qkv_rope`: first ROW_COUNT and ROW_WORK_ITEMS, then these.
(
    SPLIT_KEYS,
    SPLIT_VALUES,
    SPLIT_CAPACITY,  # keys that the cache has room for, a multiple of 16
    SPLIT_PAST,  # keys that stand in the cache before the first row's
    SPLIT_X,
    SPLIT_HEADS,
    SPLIT_KV_HEADS,
    SPLIT_HEAD_DIM,
    SPLIT_BIAS,  # or 0
    SPLIT_QUERY_NORM,  # weight of the queries' norm, or 0: then neither queries nor keys have a norm
    SPLIT_KEY_NORM,
    SPLIT_COSINES,
    SPLIT_SINES,
    SPLIT_EPSILON,  # float32
) = range(2, 16)
SPLIT_ARGUMENTS = 16

# `rowwise.summarise`: first ROW_COUNT, which are logits, and ROW_WORK_ITEMS, then these.
SUMMARY_LOGITS, SUMMARY_OUT = range(2, 4)
SUMMARY_ARGUMENTS = 4

# The two measurements of `roofline`.
READ_MEMORY, READ_SUMS = range(2)
MULTIPLY_STEPS, MULTIPLY_SUMS = range(2)
ROOFLINE_ARGUMENTS = 2
