"""Record what the README shows: `python docs/record.py` runs the demo on a terminal and draws parts of it as SVG.

Nothing is made up: the demo runs as `make demo ONCE=1` does, and what its commands wrote is what is drawn.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

COLUMNS, ROWS = 120, 60
OUT = Path(__file__).parent / "images" / "apply.svg"
SHOWN = (("$ fairway plan prod", 1), ("$ git commit", 2), ("$ fairway apply prod", 3))
"""Commands to draw: how the line begins, and which occurrence of it."""

TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="fairway in a terminal">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">
{matrix}
</g></g>
</svg>
"""
COLORS = [(239, 107, 115), (126, 201, 121), (229, 192, 92), (97, 175, 239), (198, 140, 224), (86, 194, 205)]
DARK, GREY, LIGHT = (24, 28, 36), (140, 148, 163), (214, 219, 229)
THEME = TerminalTheme(DARK, LIGHT, [DARK, *COLORS, LIGHT], [GREY, *COLORS, (255, 255, 255)])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        demo = [sys.executable, "-m", "fairway.entrypoints.demo"]
        env = {**os.environ, "FAIRWAY_DATA_DIR": f"{folder}/data", "USER": "anna", "TERM": "xterm-256color"}
        try:
            screen = on_terminal([*demo, "--once"], folder, env)
        finally:
            subprocess.run([*demo, "--down"], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    parts = [part_of(screen, start, nth) for start, nth in SHOWN]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(drawn([line for part in parts for line in part]), encoding="utf-8")
    sys.stderr.write(f"wrote {OUT}\n")


def on_terminal(argv: list[str], folder: str, env: dict[str, str]) -> list[str]:
    """Run a program on a pseudo-terminal; the lines that stand there at its end, with their colours."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(argv[0], argv, env)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    written = bytearray()
    while True:
        try:
            block = os.read(terminal, 65536)
        except OSError:  # Linux ends a pseudo-terminal with EIO
            break
        if not block:
            break
        written += block
    _, status = os.waitpid(child, 0)
    if code := os.waitstatus_to_exitcode(status):
        sys.exit(f"the demo ended with {code}:\n{written.decode(errors='replace')[-3000:]}")
    return settled(written.decode())


def settled(written: str) -> list[str]:
    """What remains of output in which lines were erased and written again, whole lines at a time."""
    lines, row = [""], 0
    for token in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", written):
        if token == "\n":
            row += 1
            if row == len(lines):
                lines.append("")
        elif token.endswith("A") and token.startswith("\x1b["):
            row = max(0, row - int(token[2:-1] or 1))
        elif token.endswith("K") and token.startswith("\x1b["):
            lines[row] = ""
        elif token.endswith("J") and token.startswith("\x1b["):
            lines[row:] = [""]
        elif token == "\r" or (token.startswith("\x1b[") and not token.endswith("m")):
            continue
        else:
            lines[row] += token
    return lines


def part_of(screen: list[str], start: str, nth: int) -> list[str]:
    """The lines of one command: from its prompt to the next one, or to the next heading or remark."""
    plain = [Text.from_ansi(line).plain for line in screen]
    first = [number for number, line in enumerate(plain) if line.startswith(start)][nth - 1]
    last = next(
        number for number in range(first + 1, len(plain)) if re.match(r"\$ |\d+  \S|   In the cluster", plain[number])
    )
    while not plain[last - 1].strip():
        last -= 1
    return [*screen[first:last], ""]


def drawn(lines: list[str]) -> str:
    """The lines as an SVG that fetches nothing: the reader's own fixed-width font."""
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, color_system="truecolor")
        for line in lines[:-1]:
            console.print(Text.from_ansi(line), soft_wrap=True)
        return console.export_svg(title="", theme=THEME, code_format=TEMPLATE, unique_id="fairway")


if __name__ == "__main__":
    main()
