"""The arithmetic on packed weights: float32 products of a matrix that stays packed, compiled by numba on this machine.

`linear` is the door, for numpy arrays. `product` says in which order everything is added up, once, for every instruction
set; `plain` does it in loops that can be read, `vectors` in AVX2 and AVX-512 (in the words of `emitter`), and `steps`
picks one of them. `pool` has the threads, `compiling` turns Python into machine code and keeps it. Compiled functions
call their own file and this package, nothing else. Importing this package imports nothing; its files import numba, so
only `Engine.load` should.
"""
