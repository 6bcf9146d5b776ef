"""Writes LLVM vector code of one width: `simd` and `roofline` build their loops from these operations.

It does not decide the order of sums. Where the bytes of a packed matrix are is said in `vision.engine.packed.q12`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from .isa import Isa
from .math_functions import emit_exponential
from .scalar import emit_fma

Code = Any  # an IR builder or an IR value; llvmlite has no types

_I8, _I32, _I64, _F32 = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.FloatType()
_PTR = ir.PointerType()


def _vector(element: ir.Type, count: int) -> ir.VectorType:
    return ir.VectorType(element, count)


def _constant(element: ir.Type, values: Sequence[int | float]) -> ir.Constant:
    return ir.Constant(_vector(element, len(values)), list(values))


def number(value: int) -> ir.Constant:
    return ir.Constant(_I64, value)


class Emitter:
    """Writes code into one function, at the builder's place.

    A vector holds `lanes` floats, one for each of so many rows of a group; a group of 16 rows takes `parts` vectors.
    """

    def __init__(self, builder: Code, isa: Isa) -> None:
        self.b = builder
        self.isa = isa
        self.lanes = 16 if isa is Isa.AVX512 else 8
        self.parts = 16 // self.lanes
        self.bytes = 4 * self.lanes
        self.floats = _vector(_F32, self.lanes)
        self.zero = _constant(_F32, [0.0] * self.lanes)
        self.least = _constant(_F32, [float("-inf")] * self.lanes)

    def at(self, base: Code, *offsets: Code | int) -> Code:
        """The address base plus offsets, in bytes."""
        for offset in offsets:
            base = self.b.add(base, number(offset) if isinstance(offset, int) else offset)
        return base

    def scaled(self, index: Code, size: int) -> Code:
        return self.b.mul(index, number(size))

    def load(self, address: Code, kind: ir.Type, align: int = 1) -> Code:
        loaded = self.b.load(self.b.inttoptr(address, _PTR), typ=kind)
        loaded.align = align
        return loaded

    def store_one(self, value: Code, address: Code) -> None:
        """Store the first lane."""
        self.store(self.b.extract_element(value, ir.Constant(_I32, 0)), address)

    def store(self, value: Code, address: Code) -> None:
        self.b.store(value, self.b.inttoptr(address, _PTR)).align = 4

    def call(self, name: str, result: ir.Type, *arguments: Code) -> Code:
        module = self.b.module
        known = module.globals.get(name)
        function = known or ir.Function(module, ir.FunctionType(result, [a.type for a in arguments]), name)
        return self.b.call(function, arguments)

    def fma(self, a: Code, b: Code, c: Code) -> Code:
        return emit_fma(self.b, a, b, c)

    def exponential(self, x: Code) -> Code:
        return emit_exponential(self.b, x)

    def larger(self, a: Code, b: Code) -> Code:
        """The larger of a and b, lane by lane; b where one of them is NaN."""
        return self.b.select(self.b.fcmp_ordered(">", a, b), a, b)

    def folded(self, parts: Sequence[Code], combine: Callable[[Code, Code], Code]) -> Code:
        """Combine 16 lanes: lane l with lane l + 8, then l + 4, l + 2, l + 1. The result is in all lanes."""
        value = parts[0] if len(parts) == 1 else combine(*parts)
        for distance in (8, 4, 2, 1):
            if distance < self.lanes:
                turned = [lane ^ distance for lane in range(self.lanes)]
                other = self.b.shuffle_vector(value, ir.Constant(value.type, ir.Undefined), _constant(_I32, turned))
                value = combine(value, other)
        return value

    def spread(self, address: Code) -> Code:
        """A vector with the float at an address in all lanes."""
        undefined = ir.Constant(self.floats, ir.Undefined)
        one = self.b.insert_element(undefined, self.load(address, _F32, 4), ir.Constant(_I32, 0))
        return self.b.shuffle_vector(one, undefined, _constant(_I32, [0] * self.lanes))

    def loop(self, count: Code, start: Sequence[Code], body: Callable[[Code, list[Code]], list[Code]]) -> list[Code]:
        """Repeat `body(index, values) → values` `count` times, at least once. Returns the values of the last time."""
        before, inside = self.b.block, self.b.append_basic_block("loop")
        self.b.branch(inside)
        self.b.position_at_end(inside)
        index = self.b.phi(_I64)
        index.add_incoming(number(0), before)
        values = [self.b.phi(value.type) for value in start]
        for phi, value in zip(values, start, strict=True):
            phi.add_incoming(value, before)
        changed = body(index, values)
        following = self.b.add(index, number(1))
        index.add_incoming(following, self.b.block)
        for phi, value in zip(values, changed, strict=True):
            phi.add_incoming(value, self.b.block)
        after = self.b.append_basic_block("after")
        self.b.cbranch(self.b.icmp_signed("<", following, count), inside, after)
        self.b.position_at_end(after)
        return changed

    def table(self, address: Code) -> Code:
        """A group's table of 16 entries, repeated in every 16 bytes of a vector."""
        entries = self.load(address, _vector(_I8, 16))
        every = [byte % 16 for byte in range(self.bytes)]
        return self.b.shuffle_vector(entries, ir.Constant(entries.type, ir.Undefined), _constant(_I32, every))

    def look_up(self, table: Code, codes: Code) -> Code:
        name = "llvm.x86.avx512.pshuf.b.512" if self.isa is Isa.AVX512 else "llvm.x86.avx2.pshuf.b"
        return self.call(name, _vector(_I8, self.bytes), table, codes)

    def weights(self, block: Code, part: int, table: Code) -> list[Code]:
        """The weights of one part of the group in a block's 8 columns: a vector of float32 for each column."""
        octets = _vector(_I8, self.bytes)
        words = _vector(_I32, self.lanes)
        codes = self.load(self.at(block, part * self.bytes), octets)
        pairs = self.b.bitcast(codes, words)  # shifted as words; the bits that cross a byte are masked away
        shifted = self.b.bitcast(self.b.lshr(pairs, _constant(_I32, [4] * self.lanes)), octets)
        weights = []
        for half, nibbles in enumerate((codes, shifted)):
            high = self.look_up(table, self.b.and_(nibbles, _constant(_I8, [15] * self.bytes)))
            low = self.load(self.at(block, 64 + 64 * half + part * self.bytes), octets)
            for first in (0, 8):  # within 16 bytes: 8 for columns 0 and 1, 8 for columns 2 and 3
                pick = [16 * (b // 16) + first + b % 16 // 2 + self.bytes * (b % 2) for b in range(self.bytes)]
                two = self.b.bitcast(self.b.shuffle_vector(low, high, _constant(_I32, pick)), words)
                even = self.b.shl(two, _constant(_I32, [16] * self.lanes))
                odd = self.b.and_(two, _constant(_I32, [0xFFFF0000] * self.lanes))
                weights += [self.b.bitcast(even, self.floats), self.b.bitcast(odd, self.floats)]
        return weights

    def prefetch(self, block: Code) -> None:
        """Fetch the 192 bytes of packed weights at an address into the L1 cache."""
        for line in (0, 64, 128):
            self.prefetch_line(self.at(block, line))

    def prefetch_line(self, address: Code, level: int = 1) -> None:
        """Fetch the cache line at an address into the caches from `level` on. The address need not be readable."""
        hints = [ir.Constant(_I32, hint) for hint in (0, 4 - level, 1)]  # to read, how near, data
        self.call("llvm.prefetch.p0", ir.VoidType(), self.b.inttoptr(address, _PTR), *hints)

    def add_to(self, address: Code, values: Sequence[Code], add: Code) -> None:
        """Store the sum of vectors, one after another; it begins with what is there if `add` is not 0."""
        with self.b.if_else(self.b.icmp_signed("!=", add, number(0))) as (more, first):
            with more:
                self.store(self._sum([self.load(address, self.floats, 4), *values]), address)
            with first:
                self.store(self._sum(values), address)

    def _sum(self, values: Sequence[Code]) -> Code:
        total = values[0]
        for value in values[1:]:
            total = self.b.fadd(total, value)
        return total
