"""Sixteen samples of a wavetable voice at once.

Numba cannot be told that a table and a sum do not overlap, so LLVM never turns the table look-ups of a plain
loop into vector gathers. This one intrinsic states the vector code itself; on a
processor without gathers LLVM breaks it up. Every lane does the same IEEE operations, so results are the same
everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

TICK = 16
"""Samples per control step: envelopes, LFO, pitch and cutoff are computed once a tick and run in straight
lines between."""
BLOCK = 32
"""Ticks worked on at once: their samples stay in the first-level cache."""

_HALF = TICK // 2
_I32, _I64, _F32 = ir.IntType(32), ir.IntType(64), ir.FloatType()
_V32, _VF = ir.VectorType(_I32, TICK), ir.VectorType(_F32, TICK)
_HALF_1, _HALF_32, _HALF_64 = (ir.VectorType(t, _HALF) for t in (ir.IntType(1), _I32, _I64))


def _constant(kind: ir.VectorType, values: list[Any]) -> ir.Constant:
    return ir.Constant(kind, [ir.Constant(kind.element, value) for value in values])


def _splat(builder: ir.IRBuilder, value: Any, kind: ir.VectorType) -> Any:
    undefined = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(_I32, 0))
    return builder.shuffle_vector(
        first, undefined, _constant(ir.VectorType(_I32, kind.count), [0] * kind.count)
    )


def _typed_add_voice(
    typing_context: Any,
    total: Any,
    offset: Any,
    table: Any,
    start: Any,
    phase: Any,
    increment: Any,
    slope: Any,
    bits: Any,
) -> Any:
    signature = types.void(
        total, types.int64, table, types.int64, types.uint32, types.uint32, types.uint32, types.uint32
    )

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        total_value, offset, table_value, start, phase, increment, slope, bits = args
        total_array = context.make_array(signature.args[0])(context, builder, total_value)
        table_array = context.make_array(signature.args[2])(context, builder, table_value)

        steps = _constant(_V32, list(range(TICK)))
        triangle = _constant(_V32, [j * (j - 1) // 2 for j in range(TICK)])
        phases = builder.add(
            _splat(builder, phase, _V32),
            builder.add(
                builder.mul(_splat(builder, increment, _V32), steps),
                builder.mul(_splat(builder, slope, _V32), triangle),
            ),
        )
        bits_vector = _splat(builder, bits, _V32)
        index = builder.lshr(phases, builder.sub(_constant(_V32, [32] * TICK), bits_vector))
        fraction = builder.lshr(builder.shl(phases, bits_vector), _constant(_V32, [8] * TICK))
        fraction = builder.fmul(builder.sitofp(fraction, _VF), _constant(_VF, [2.0**-24] * TICK))

        gather = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module,
            ir.FunctionType(_HALF_64, [ir.VectorType(ir.PointerType(_I64), _HALF), _I32, _HALF_1, _HALF_64]),
            f"llvm.masked.gather.v{_HALF}i64.v{_HALF}p0",
        )
        first_pair = builder.ptrtoint(builder.gep(table_array.data, [start]), _I64)

        def pairs(lanes: list[int]) -> Any:
            # A sample and the step to the next one are looked up as one 64-bit word.
            some = builder.shuffle_vector(index, ir.Constant(_V32, ir.Undefined), _constant(_HALF_32, lanes))
            bytes_in = builder.shl(builder.zext(some, _HALF_64), _constant(_HALF_64, [3] * _HALF))
            address = builder.add(_splat(builder, first_pair, _HALF_64), bytes_in)
            pointers = builder.inttoptr(address, ir.VectorType(ir.PointerType(_I64), _HALF))
            everywhere, undefined = _constant(_HALF_1, [1] * _HALF), ir.Constant(_HALF_64, ir.Undefined)
            words = builder.call(gather, [pointers, ir.Constant(_I32, 4), everywhere, undefined])
            return builder.bitcast(words, _VF)

        low, high = pairs(list(range(_HALF))), pairs(list(range(_HALF, TICK)))
        sample = builder.shuffle_vector(low, high, _constant(_V32, list(range(0, 2 * TICK, 2))))
        step = builder.shuffle_vector(low, high, _constant(_V32, list(range(1, 2 * TICK, 2))))
        value = builder.fadd(sample, builder.fmul(fraction, step))
        pointer = builder.bitcast(builder.gep(total_array.data, [offset]), ir.PointerType(_VF))
        builder.store(builder.fadd(builder.load(pointer, align=4), value), pointer, align=4)
        return context.get_dummy_value()

    return signature, codegen


_AddVoice = Callable[
    [NDArray[np.float32], int, NDArray[np.float32], int, np.uint32, np.uint32, np.uint32, np.uint32], None
]
add_voice = cast(_AddVoice, intrinsic(_typed_add_voice))
"""Add one voice to 16 samples: `add_voice(total, offset, table, start, phase, increment, slope, bits)`.

Phases are 32-bit fractions of a cycle that wrap by themselves; sample j is at
phase + j·increment + slope·j(j−1)/2.

Args:
    total: Flat float32, sixteen samples from `offset` on are added to.
    offset: int64.
    table: Flat float32, from `start` on pairs of a sample and the step to the next one.
    start: int64.
    phase: uint32 phase of the first sample.
    increment: uint32 phase increment of the first sample.
    slope: uint32 (two's complement) change of the increment per sample.
    bits: uint32 log2 of the table length.
"""
