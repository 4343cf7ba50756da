"""A tiny network of T-one's shape, written as ONNX's own bytes: the loudness of each 30 ms names a letter.

`signal` int32 [1, 2400, 1] and `state` float16 [1, n] in, `logprobs` float32 [1, 10, 35] and `state_next` out. A step
of 240 samples whose peak is 100 x n is the letter n. What is heard comes one step late, the last one through the state,
as a streaming network's look-ahead does.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

STEPS, STEP, LETTERS, STATE = 10, 240, 35, 3
VOCABULARY = {letter: n for n, letter in enumerate(["[PAD]", *"абвгдежзийклмнопрстуфхцчшщъыьэюяё", "|"])}
FLOAT, INT32, INT64, FLOAT16 = 1, 6, 7, 10


def write(folder: Path) -> Path:
    """Writes `model.onnx` and `vocab.json` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model())
    (folder / "vocab.json").write_text(json.dumps(VOCABULARY), encoding="utf-8")
    return folder


def model() -> bytes:
    """The network as a serialised ModelProto."""
    shift = 1 / 100
    nodes = [
        _node("Cast", ["signal"], ["wave"], _attribute("to", FLOAT)),
        _node("Reshape", ["wave", "by_step"], ["steps"]),
        _node("ReduceMax", ["steps"], ["peaks"], _attribute_ints("axes", [2])),
        _node("Mul", ["peaks", "shift"], ["heard"]),
        _node("Cast", ["state"], ["state32"], _attribute("to", FLOAT)),
        _node("Slice", ["state32", "zero", "one", "axis1"], ["last"]),
        _node("Reshape", ["last", "one_step"], ["before"]),
        _node("Concat", ["before", "heard"], ["all"], _attribute("axis", 1)),
        _node("Slice", ["all", "zero", "ten", "axis1"], ["now"]),
        _node("Slice", ["all", "ten", "eleven", "axis1"], ["late"]),
        _node("Sub", ["now", "letters"], ["off"]),
        _node("Mul", ["off", "off"], ["square"]),
        _node("Mul", ["square", "sharp"], ["near"]),
        _node("LogSoftmax", ["near"], ["logprobs"], _attribute("axis", 2)),
        _node("Reshape", ["late", "one_number"], ["late1"]),
        _node("Slice", ["state32", "one", "three", "axis1"], ["rest"]),
        _node("Concat", ["late1", "rest"], ["next32"], _attribute("axis", 1)),
        _node("Cast", ["next32"], ["state_next"], _attribute("to", FLOAT16)),
    ]
    numbers = [
        _ints("by_step", [1, STEPS, STEP]),
        _ints("one_step", [1, 1, 1]),
        _ints("one_number", [1, 1]),
        *(_ints(name, [n]) for name, n in [("zero", 0), ("one", 1), ("three", 3), ("ten", 10), ("eleven", 11)]),
        _ints("axis1", [1]),
        _floats("shift", [shift]),
        _floats("sharp", [-2.0]),
        _floats("letters", [float(n) for n in range(LETTERS)]),
    ]
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"tiny")
    graph += b"".join(_field(5, number) for number in numbers)
    graph += _field(11, _value("signal", INT32, [1, STEPS * STEP, 1])) + _field(
        11, _value("state", FLOAT16, [1, STATE])
    )
    graph += _field(12, _value("logprobs", FLOAT, [1, STEPS, LETTERS]))
    graph += _field(12, _value("state_next", FLOAT16, [1, STATE]))
    return _number(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _number(2, 13))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _node(kind: str, inputs: Sequence[str], outputs: Sequence[str], attribute: bytes = b"") -> bytes:
    names = b"".join(_field(1, name.encode()) for name in inputs) + b"".join(_field(2, o.encode()) for o in outputs)
    return names + _field(4, kind.encode()) + (_field(5, attribute) if attribute else b"")


def _attribute(name: str, value: int) -> bytes:
    return _field(1, name.encode()) + _number(3, value) + _number(20, 2)


def _attribute_ints(name: str, values: Sequence[int]) -> bytes:
    return _field(1, name.encode()) + b"".join(_number(8, value) for value in values) + _number(20, 7)


def _ints(name: str, values: Sequence[int]) -> bytes:
    content = struct.pack(f"<{len(values)}q", *values)
    return _number(1, len(values)) + _number(2, INT64) + _field(8, name.encode()) + _field(9, content)


def _floats(name: str, values: Sequence[float]) -> bytes:
    content = struct.pack(f"<{len(values)}f", *values)
    return _number(1, len(values)) + _number(2, FLOAT) + _field(8, name.encode()) + _field(9, content)


def _value(name: str, kind: int, shape: Sequence[int]) -> bytes:
    dimensions = b"".join(_field(1, _number(1, size)) for size in shape)
    tensor = _number(1, kind) + _field(2, dimensions)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))
