"""Eight float32 numbers as one value inside compiled code: portable SIMD for Numba.

Numba leaves vectorising to LLVM, which gives up on butterflies that read and write one array and, being
forbidden to reorder sums, on reductions. `Lanes` says what is meant: every operation acts on eight numbers
side by side, each with IEEE rounding, on any processor (LLVM splits a value where registers are narrower). So
a lane never depends on its neighbours, nor a result on the width of the machine.

`+ - * /` work between two `Lanes`; `splat` makes one of a number. Arrays are flat, contiguous and float32,
and indices are neither checked nor wrapped.
"""

from __future__ import annotations

import operator
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

from tonewright.compiling import njit

LANES = 8
"""Numbers in one value."""

Lanes: TypeAlias = Any
"""How such a value is annotated: Python never sees one."""

# Numba annotates an intrinsic as if it were called with the typing context too, and the others not at all.
_intrinsic: Any = intrinsic
_types: Any = types
_cgutils: Any = cgutils
_INDEX = ir.IntType(32)
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_INTEGERS = ir.VectorType(_INDEX, LANES)
_FLOAT_ALIGNMENT = 4
_MANTISSA_BITS = 23
_BITS_OF_ROOT_HALF = 0x3F3504F3


class LanesType(types.Type):
    """Numba's type of eight float32 numbers."""

    def __init__(self) -> None:
        super().__init__(f"float32 x {LANES}")


_lanes = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: LanesType) -> None:
        super().__init__(manager, numba_type, _FLOATS)  # type: ignore[no-untyped-call]


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _FLOATS.as_pointer())


@_intrinsic
def load(typing_context: Any, array: Any, index: Any) -> Any:
    """`load(array, index)`: the eight numbers from `index` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(context, builder, signature.args[0], *arguments), align=_FLOAT_ALIGNMENT)

    return _lanes(array, types.intp), generate


@_intrinsic
def store(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """`store(array, index, value)`: write the eight numbers from `index` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], address, align=_FLOAT_ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, _lanes), generate


@_intrinsic
def splat(typing_context: Any, number: Any) -> Any:
    """`splat(number)`: one float32 in every lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        nothing = ir.Constant(_FLOATS, ir.Undefined)
        first = builder.insert_element(nothing, arguments[0], _INDEX(0))
        return builder.shuffle_vector(first, nothing, ir.Constant(_INTEGERS, [0] * LANES))

    return _lanes(types.float32), generate


@_intrinsic
def transpose(
    typing_context: Any, source: Any, start: Any, step: Any, target: Any, to: Any, to_step: Any
) -> Any:
    """`transpose(source, start, step, target, to, to_step)`: copy eight rows of eight numbers as columns.

    Row r begins at `source[start + r·step]`; column c of them is written from `target[to + c·to_step]` on.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, start, step, target, to, to_step = arguments
        source_type, _, _, target_type, _, _ = signature.args

        def place(base: Any, stride: Any, row: int) -> Any:
            return builder.add(base, builder.mul(stride, ir.Constant(stride.type, row)))

        rows = [
            builder.load(
                _address(context, builder, source_type, source, place(start, step, row)),
                align=_FLOAT_ALIGNMENT,
            )
            for row in range(LANES)
        ]
        half = 1
        while half < LANES:  # exchange the off-diagonal blocks of 1, 2, then 4 numbers
            for row in range(LANES):
                if not row & half:
                    upper, lower = rows[row], rows[row + half]
                    for shift in (0, half):
                        picked = [
                            lane + shift if not lane & half else LANES + lane - half + shift
                            for lane in range(LANES)
                        ]
                        rows[row + shift] = builder.shuffle_vector(
                            upper, lower, ir.Constant(_INTEGERS, picked)
                        )
            half *= 2
        for column in range(LANES):
            address = _address(context, builder, target_type, target, place(to, to_step, column))
            builder.store(rows[column], address, align=_FLOAT_ALIGNMENT)
        return context.get_dummy_value()

    index = types.intp
    return types.void(source, index, index, target, index, index), generate


@_intrinsic
def total(typing_context: Any, value: Any) -> Any:
    """`total(value)`: the sum of the eight lanes, from the first to the last, as float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        result = builder.extract_element(arguments[0], _INDEX(0))
        for lane in range(1, LANES):
            result = builder.fadd(result, builder.extract_element(arguments[0], _INDEX(lane)))
        return result

    return types.float32(_lanes), generate


@_intrinsic
def largest(typing_context: Any, value: Any) -> Any:
    """`largest(value)`: the largest of the eight lanes, as float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        result = builder.extract_element(arguments[0], _INDEX(0))
        for lane in range(1, LANES):
            other = builder.extract_element(arguments[0], _INDEX(lane))
            result = builder.select(builder.fcmp_ordered(">", result, other), result, other)
        return result

    return types.float32(_lanes), generate


@_intrinsic
def split_exponent(typing_context: Any, value: Any) -> Any:
    """`split_exponent(value) -> (e, m)`: value = m·2^e with m from √½ to √2; positive normal numbers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def constant(number: int) -> Any:
            return ir.Constant(_INTEGERS, [number] * LANES)

        bits = builder.bitcast(arguments[0], _INTEGERS)
        above = builder.sub(bits, constant(_BITS_OF_ROOT_HALF))
        exponent = builder.ashr(above, constant(_MANTISSA_BITS))
        mantissa = builder.sub(bits, builder.shl(exponent, constant(_MANTISSA_BITS)))
        parts = [builder.sitofp(exponent, _FLOATS), builder.bitcast(mantissa, _FLOATS)]
        return context.make_tuple(builder, signature.return_type, parts)

    return _types.UniTuple(_lanes, 2)(_lanes), generate


def _function(llvm_name: str, meaning: str) -> Any:
    def apply(typing_context: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            function_type = ir.FunctionType(_FLOATS, [_FLOATS])
            name = f"llvm.{llvm_name}.v{LANES}f32"
            function = _cgutils.get_or_insert_function(builder.module, function_type, name)
            return builder.call(function, arguments)

        return _lanes(_lanes), generate

    apply.__doc__ = meaning
    return _intrinsic(apply)


root = _function("sqrt", "`root(value)`: the square root of each lane, correctly rounded.")
magnitude = _function("fabs", "`magnitude(value)`: each lane without its sign.")


def _choice(comparison: str, meaning: str) -> Any:
    def choose(typing_context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.select(builder.fcmp_ordered(comparison, *arguments), *arguments)

        return _lanes(_lanes, _lanes), generate

    choose.__doc__ = meaning
    return _intrinsic(choose)


larger = _choice(">", "`larger(a, b)`: the larger of two values, lane by lane.")
smaller = _choice("<", "`smaller(a, b)`: the smaller of two values, lane by lane.")


def _operation(python_operator: Any, instruction: str) -> None:
    @_intrinsic
    def operate(typing_context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments)

        return _lanes(_lanes, _lanes), generate

    @overload(python_operator)
    def resolve(a: Any, b: Any) -> Any:
        def implementation(a: Any, b: Any) -> Any:
            return operate(a, b)

        return implementation if isinstance(a, LanesType) and isinstance(b, LanesType) else None


_operation(operator.add, "fadd")
_operation(operator.sub, "fsub")
_operation(operator.mul, "fmul")
_operation(operator.truediv, "fdiv")


@njit(nogil=True, forceinline=True)
def log2(value: Lanes) -> Lanes:
    """Base-2 logarithm of positive normal numbers to within 3e-6 (2e-5 dB of a magnitude); exactly 0 of 1."""
    exponent, mantissa = split_exponent(value)
    x = mantissa - splat(np.float32(1.0))
    # Least-maximum fit of log₂(1 + x) / x from √½ − 1 to √2 − 1.
    slope = splat(np.float32(-0.20659184))
    slope = slope * x + splat(np.float32(0.32215487))
    slope = slope * x + splat(np.float32(-0.36748997))
    slope = slope * x + splat(np.float32(0.47934801))
    slope = slope * x + splat(np.float32(-0.72113186))
    slope = slope * x + splat(np.float32(1.44271348))
    return exponent + slope * x
