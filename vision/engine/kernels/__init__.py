"""The arithmetic on packed weights: float32 products of a matrix that stays packed, compiled by numba on this machine.

    linear         products for numpy arrays: checks shapes, then calls the machine code
    graph          the jobs of many layers in one list, which machine code runs without coming back to Python
    matmul         the order in which a product is added up, the same for every instruction set
    attention      softmax(q · kᵀ) · v, likewise
    rowwise        norms, rotations, activations and sums, row by row
    scalar, simd   the inner loops as plain loops, and in AVX2 and AVX-512 instructions (written with `llvm`)
    dispatch, isa  which inner loops run here
    layout         sizes and argument places that all of these agree on
    tuning         what suits one processor better than another
    thread_pool    the threads
    jit            turns Python into machine code and keeps it
    roofline       what the machine can do at most, for the benchmark

A compiled function calls its own file and this package, nothing else. Importing the package imports nothing; its files
import numba, so only `Engine.load` should import them.
"""
