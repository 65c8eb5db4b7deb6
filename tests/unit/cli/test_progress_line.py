import io

from fairway.entrypoints.cli.progress_line import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_each_new_thing_is_one_plain_line() -> None:
    stream = io.StringIO()
    with ProgressLine(stream) as line:
        for doing in ("building kwok: a/b", "building kwok: a/c", "building kwok", "starting", "starting"):
            line(doing)
    assert stream.getvalue() == "building kwok\nstarting\n"


def test_a_terminal_gets_one_line_that_is_written_over_and_taken_away() -> None:
    stream = Terminal()
    with ProgressLine(stream) as line:
        line("building kwok: a/b")
        line("starting")
    text = stream.getvalue()
    assert "\n" not in text
    assert "building kwok: a/b" in text
    assert text.endswith("\r\x1b[K")


def test_a_long_line_does_not_wrap() -> None:
    stream = Terminal()
    with ProgressLine(stream) as line:
        line("x" * 1000)
    assert "x" * 500 not in stream.getvalue()
