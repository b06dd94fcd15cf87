"""Draws the pictures of docs/transposed-convolution.md: python docs/pictures/transposed_convolution.py"""

from __future__ import annotations

from pathlib import Path

IMAGES = Path(__file__).parent.parent / "images"
CELL = 30
BLUE, GREY, WHITE, ORANGE, GREEN = "#bcd7f5", "#eeeeee", "#ffffff", "#d95f02", "#1b7837"
HEAT = {0: "#ffffff", 1: "#fdd49e", 2: "#fdae6b", 3: "#f16913", 4: "#e6550d", 6: "#a63603", 9: "#5f1d00"}

Table = list[list[int]]


def zero_insertion() -> str:
    """The second definition for k = 3, s = 2, p = 1: an input of 3x3, the zeros, two places of the kernel, the output."""
    inputs = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    flipped = [[9, 8, 7], [6, 5, 4], [3, 2, 1]]
    stride, border = 2, 1
    size = (len(inputs) - 1) * stride + 1 + 2 * border
    spread = [[0] * size for _ in range(size)]
    fills = [[WHITE] * size for _ in range(size)]
    for row in range(border, size - border):
        for column in range(border, size - border):
            fills[row][column] = GREY
    for row, values in enumerate(inputs):
        for column, value in enumerate(values):
            at = border + row * stride, border + column * stride
            spread[at[0]][at[1]], fills[at[0]][at[1]] = value, BLUE
    out = size - len(flipped) + 1
    output = [
        [sum(spread[row + i][column + j] * flipped[i][j] for i in range(3) for j in range(3)) for column in range(out)]
        for row in range(out)
    ]
    places = ((0, 0, ORANGE), (2, 3, GREEN))
    top = 60
    parts = [
        label(20, "input 3x3"),
        grid(20, top, inputs, BLUE),
        label(140, "1 zero between, a border of 1: 7x7"),
        grid(140, top, spread, fills),
        *(frame(140 + column * CELL, top + row * CELL, 3, colour) for row, column, colour in places),
        label(380, "flipped kernel"),
        grid(380, top, flipped, WHITE),
        label(500, "output 5x5"),
        grid(500, top, output, WHITE),
        *(frame(500 + column * CELL, top + row * CELL, 1, colour) for row, column, colour in places),
    ]
    notes = [
        text(20, top + size * CELL + 26, "Each number of the output is one place of the kernel over the padded input:"),
        text(20, top + size * CELL + 48, f"orange: 1 x 5 = {output[0][0]} (only the middle meets an input)", ORANGE),
        text(20, top + size * CELL + 70, f"green: 5 x 6 + 6 x 4 = {output[2][3]} (two inputs meet two weights)", GREEN),
    ]
    title = text(20, 26, "k = 3, s = 2, p = 1: stuff with zeros, then slide with stride 1", bold=True)
    return page(670, top + size * CELL + 90, [title, *parts, *notes])


def overlaps() -> str:
    """How many inputs reach each output, for kernels of 3, 4 and 5 at stride 2, doubling 6x6 to 12x12."""
    inputs, stride, cell = 6, 2, 18
    parts = [text(20, 26, "How many inputs reach each pixel of the output, at stride 2", bold=True)]
    for place, kernel in enumerate((3, 4, 5)):
        counts = reached(inputs, kernel, stride)
        left = 20 + place * (cell * len(counts) + 34)
        parts.append(text(left, 56, f"kernel {kernel}: " + ("even" if kernel % stride == 0 else "a checkerboard")))
        parts += [box(left + n * cell, 68, cell, HEAT[count], count) for n, count in enumerate(counts)]
        parts += [
            box(left + column * cell, 68 + cell * 2 + row * cell, cell, HEAT[down * across], down * across)
            for row, down in enumerate(counts)
            for column, across in enumerate(counts)
        ]
    height = 68 + cell * (2 + inputs * stride)
    parts.append(
        text(
            20,
            height + 26,
            "Strips: along one side. Squares: both sides, the product of two strips. The edges have fewer.",
        )
    )
    return page(3 * (cell * inputs * stride + 34) + 10, height + 44, parts)


def reached(inputs: int, kernel: int, stride: int) -> list[int]:
    """For each output along one side how many inputs reach it, with the padding with which `dcgan` doubles."""
    padding, extra = (kernel - 1) // 2, kernel % 2
    counts = [0] * ((inputs - 1) * stride - 2 * padding + kernel + extra)
    for start in range(-padding, inputs * stride - padding, stride):
        for place in range(start, start + kernel):
            if 0 <= place < len(counts):
                counts[place] += 1
    return counts


def page(width: int, height: int, parts: list[str]) -> str:
    """An SVG on white, so that it can be read in dark mode, too."""
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}' "
        "font-family='Helvetica, Arial, sans-serif' font-size='11'>"
    )
    return "\n".join([head, f"<rect width='{width}' height='{height}' fill='white'/>", *parts, "</svg>", ""])


def text(x: int, y: int, words: str, colour: str = "#222222", bold: bool = False) -> str:
    """A line of words."""
    weight = " font-weight='bold'" if bold else ""
    return f"<text x='{x}' y='{y}' font-size='14' fill='{colour}'{weight}>{words}</text>"


def label(x: int, words: str) -> str:
    """The small words above a table."""
    return text(x, 50, words).replace("font-size='14'", "font-size='12'")


def box(x: int, y: int, side: int, fill: str, value: int) -> str:
    """A square with a number in it."""
    dark = fill in (HEAT[4], HEAT[6], HEAT[9])
    colour = "#fff" if dark else "#999" if value == 0 else "#222"
    return (
        f"<rect x='{x}' y='{y}' width='{side}' height='{side}' fill='{fill}' stroke='#aaa'/>"
        f"<text x='{x + side / 2:g}' y='{y + side / 2 + 4:g}' text-anchor='middle' fill='{colour}'>{value}</text>"
    )


def grid(x: int, y: int, values: Table, fills: str | list[list[str]]) -> str:
    """A table of numbers, on one ground or on one for each cell."""
    return "\n".join(
        box(x + column * CELL, y + row * CELL, CELL, fills if isinstance(fills, str) else fills[row][column], value)
        for row, line in enumerate(values)
        for column, value in enumerate(line)
    )


def frame(x: int, y: int, cells: int, colour: str) -> str:
    """A frame around so many cells a side."""
    side = cells * CELL - 3
    return f"<rect x='{x + 1.5}' y='{y + 1.5}' width='{side}' height='{side}' fill='none' stroke='{colour}' stroke-width='3'/>"


PICTURES = {"transposed-zero-insertion.svg": zero_insertion, "transposed-overlap.svg": overlaps}

if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (IMAGES / name).write_text(draw(), encoding="utf-8")
