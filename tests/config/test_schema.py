"""The traps of YAML, one by one, on a record that has a field of every kind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.config.schema import Reader
from eink_monitor.settings import Duration, InputFile, Secret, Window


@dataclass(frozen=True)
class Inner:
    word: str
    size: int = 1


@dataclass(frozen=True)
class Thing:
    text: str = ""
    count: int = 0
    ratio: float = 0.0
    on: bool = False
    path: Path = Path()
    key: InputFile | None = None
    zone: ZoneInfo | None = None
    wait: Duration | None = None
    window: Window | None = None
    secret: Secret | None = None
    choice: Literal["a", "b"] = "a"
    words: list[str] = field(default_factory=list)
    numbers: tuple[int, ...] = ()
    table: Mapping[str, int] = field(default_factory=dict)
    inner: Inner | None = None
    inners: list[Inner] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(f"count must not be negative like {self.text}")


def read(folder: Path, text: str | bytes) -> tuple[Any, list[str]]:
    file = folder / "x.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    reader = Reader(file)
    node = reader.compose()
    thing = None if node is None else reader.record(Thing, node, "")
    assert (thing is None) is bool(reader.complaints)
    return thing, [str(complaint).removeprefix(f"{file}:") for complaint in reader.complaints]


@pytest.mark.parametrize(
    "text", ["no", "12:30", "007", "1e3", "0x10", "~", "2026-03-29", "null", "1_000", "=", "Off", "."]
)
def test_text_is_never_mangled(tmp_path: Path, text: str) -> None:
    thing, complaints = read(tmp_path, f"text: {text}\nwords: [{text}]\n")
    assert complaints == []
    assert thing.text == text
    assert thing.words == [text]


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("count: 007", "count", 7),
        ("count: 1_000", "count", 1000),
        ("count: -0", "count", 0),
        ('count: "12"', "count", 12),
        ("ratio: 1e3", "ratio", 1000.0),
        ("ratio: .5", "ratio", 0.5),
        ("on: YES", "on", True),
        ("on: off", "on", False),
        ("zone: Europe/Berlin", "zone", ZoneInfo("Europe/Berlin")),
        ("zone: ~", "zone", None),
        ("wait:", "wait", None),
        ("wait: null", "wait", None),
        ("wait: 1h 5m", "wait", 3900),
        ("window: 22:00-06:00", "window", Window(1320, 360)),
        ("secret: 0123", "secret", Secret("0123")),
        ('secret: "~"', "secret", Secret("~")),
        ("choice: b", "choice", "b"),
        ("path: ~", "path", Path.home()),
        ("path: ~/x", "path", Path.home() / "x"),
        ("words: []", "words", []),
        ("numbers: [1, 2]", "numbers", (1, 2)),
        ("table: {a: 1, no: 2}", "table", {"a": 1, "no": 2}),
        ("inner: {word: x}", "inner", Inner("x")),
        ("inner:", "inner", None),
        ("inners: [{word: x}, {word: y, size: 2}]", "inners", [Inner("x"), Inner("y", 2)]),
    ],
)
def test_values_are_read_as_what_is_wanted(tmp_path: Path, line: str, name: str, value: object) -> None:
    thing, complaints = read(tmp_path, line)
    assert complaints == []
    assert getattr(thing, name) == value


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("count: 1.0", '1:8: count: "1.0" is not a whole number'),
        ("count: 0x10", '1:8: count: "0x10" is not a whole number'),
        ("count: 1e3", '1:8: count: "1e3" is not a whole number'),
        ("count:", '1:7: count: "" is not a whole number'),
        ("count: \u0661", '1:8: count: "\u0661" is not a whole number'),
        ("count: _", '1:8: count: "_" is not a whole number'),
        ("count: [1]", "1:8: count: expected a single value"),
        ("ratio: nan", '1:8: ratio: "nan" is not a number'),
        ("ratio: -inf", '1:8: ratio: "-inf" is not a number'),
        ("ratio: 1,5", '1:8: ratio: "1,5" is not a number'),
        ("on: maybe", '1:5: on: "maybe" is neither true nor false'),
        ("zone: Berlin", '1:7: zone: "Berlin" is not a time zone; write for example Europe/Berlin'),
        ("zone: Europe", '1:7: zone: "Europe" is not a time zone; write for example Europe/Berlin'),
        ("zone: /etc/passwd", '1:7: zone: "/etc/passwd" is not a time zone; write for example Europe/Berlin'),
        ("zone: !env BLANK", "1:7: zone: the environment variable BLANK is empty"),
        ("zone: !env NOWHERE", "1:7: zone: the environment variable NOWHERE is not set"),
        ("wait: 5", '1:7: wait: "5" is not a duration; write for example 30s, 5m, 1h 30m or 7d'),
        ("window: 9-17", '1:9: window: "9-17" is not a time range; write for example 00:00-06:00'),
        ('secret: ""', "1:9: secret: this secret is empty"),
        ("choice: c", '1:9: choice: "c" is not one of a, b'),
        ('path: ""', '1:7: path: "" is not a path'),
        ('path: "a\\0b"', '1:7: path: "a?b" is not a path'),
        ("path: ~nobody-here/x", '1:7: path: "~nobody-here/x" is in the home of an unknown user'),
        ("words: a", "1:8: words: expected a list: [a, b] or lines that begin with `-`"),
        ("table: [a]", "1:8: table: expected a block of `key: value` lines"),
        ("table: {a: x}", '1:12: table.a: "x" is not a whole number'),
        ("inner: {size: 2}", "1:8: inner: `word` is missing"),
        ("inner: word", "1:8: inner: expected a block of `key: value` lines"),
        ("txt: a", "1:1: txt: unknown key `txt`; did you mean `text`?"),
        ("text: a\ntext: b", "2:1: text: this key appears twice (first on line 1)"),
        ("? [a]\n: b", "1:3: ?: unknown key `?`; known are"),
        ("count: -1", "1:8: the file: count must not be negative like"),
        ("text: !hunter2 x", "1:7: text: unknown tag; known are !env and !file; quote a value that begins with `!`"),
        ('"te\\e[31mxt": a', "1:1: te?[31mxt: unknown key `te?[31mxt`; did you mean `text`?"),
        ("<<: 3", "1:5: <<: expected another block, or a list of blocks"),
        ("- a", "1:1: the file: expected a block of `key: value` lines"),
        ("just words", "1:1: the file: expected a block of `key: value` lines"),
        ("", "1:1: the file is empty"),
        ("# nothing\n", "1:1: the file is empty"),
        ("a: b: c", "1:5: not valid YAML: "),
        ("\ttext: a", "1:1: not valid YAML: this line begins with a tab; indent with spaces"),
        ("inner:\n \tword: a", "2:2: not valid YAML: this line begins with a tab; indent with spaces"),
        ("a: [\n\t1,\nb: }", "2:1: not valid YAML: this line begins with a tab"),
        ("a: |\n  x\nb: ]\nc:\n\td: 1", "3:4: not valid YAML: "),
        ("text: *hunter2", "1:7: not valid YAML: this alias is not defined; quote a value that begins with `*`"),
        ("text: !a!hunter2 b", "1:7: not valid YAML: this tag is not defined; quote a value that begins with `!`"),
        ("a: 1\n---\nb: 2", "2:1: not valid YAML: "),
        ("a: {b: 1\nc:\n  d: 2", "2:2: not valid YAML: the `{` on line 1 has no closing `}`, or a comma is missing"),
        ("a:\n  b: [1, 2\nc: 3", "3:2: not valid YAML: the `[` on line 2 has no closing `]`, or a comma is missing"),
        ("a: {b: 1 c: 2}", "1:11: not valid YAML: the `{` on line 1 has no closing `}`, or a comma is missing"),
        ("a: 1\nb: 'x\n", "3:1: not valid YAML: the quote that opens on line 2 is never closed; add `'`"),
        (
            "a: 1\nb:\n  c: 1\n d: 2",
            "4:2: not valid YAML: this line is not indented like the block that begins on line 1; line them up",
        ),
        (
            "a: 1\n  b: c: 2",
            "2:4: not valid YAML: no second `key:` fits here; fix the indentation, or quote a value with `: ` in it",
        ),
        ('a: "x" y', "1:8: not valid YAML: "),
        ("- a: 1", "1:1: the file: expected a block of `key: value` lines, without the `-` of a list"),
        ("text: a\0b", "1:1: not valid YAML: "),
        ("inners: {a: b}", "1:9: inners: expected a list: [a, b] or lines that begin with `-`"),
        ("table: [a]", "1:8: table: expected a block of `key: value` lines, without the `-` of a list"),
        ("[" * 100, "1:65: not valid YAML: blocks are nested too deeply"),
        ("[" * 100_000, "1:"),  # who notices first, and in what words, is the library's business
    ],
)
def test_complaints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str | bytes, complaint: str) -> None:
    monkeypatch.setenv("BLANK", " ")
    thing, complaints = read(tmp_path, line)
    assert thing is None
    assert len(complaints) == 1
    assert complaints[0].startswith(complaint)


def test_everything_is_said_at_once(tmp_path: Path) -> None:
    _, complaints = read(tmp_path, "count: x\nwords: [a, [b], {c: d}]\ninners: [{}, {word: a, sise: 3}]\nratio: y\n")
    assert complaints == [
        '1:8: count: "x" is not a whole number',
        "2:12: words[1]: expected a single value",
        "2:17: words[2]: expected a single value",
        "3:10: inners[0]: `word` is missing",
        "3:24: inners[1].sise: unknown key `sise`; did you mean `size`?",
        '4:8: ratio: "y" is not a number',
    ]


def test_a_missing_key_is_missed_unless_it_is_there_under_a_slip(tmp_path: Path) -> None:
    _, complaints = read(tmp_path, "inner: {words: a}")
    assert complaints == ["1:9: inner.words: unknown key `words`; did you mean `word`?"]
    _, complaints = read(tmp_path, "inner: {sizes: 1}")
    assert complaints == [
        "1:9: inner.sizes: unknown key `sizes`; did you mean `size`?",
        "1:8: inner: `word` is missing",
    ]


@pytest.mark.parametrize(
    "text", ["\ufefftext: a\r\ncount: 7\r\n", "text: a\r\ncount: 7", "--- \ntext: a\ncount: 7\n...\n"]
)
def test_byte_order_marks_and_line_ends(tmp_path: Path, text: str) -> None:
    thing, complaints = read(tmp_path, text)
    assert complaints == []
    assert (thing.text, thing.count) == ("a", 7)


def test_a_folder_a_pipe_and_nothing_instead_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, reason in (
        ("folder", "it is a folder"),
        ("pipe", "it is not a regular file"),
        ("no", "there is no such file"),
    ):
        reader = Reader(tmp_path / name)
        assert reader.compose() is None
        assert [str(one) for one in reader.complaints] == [f"{tmp_path / name} cannot be read: {reason}"], (
            "there is no line to go to"
        )


@pytest.mark.parametrize(
    ("text", "reason"),
    [(b"text: \xff", "it is not UTF-8 text"), (b"#" * (1024 * 1024 + 1), "it is larger than 1024 KiB")],
)
def test_a_file_that_is_no_text(tmp_path: Path, text: bytes, reason: str) -> None:
    file = tmp_path / "x.yaml"
    assert read(tmp_path, text) == (None, [f"{file} cannot be read: {reason}"])


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else for a moment")
def test_a_file_of_somebody_else(tmp_path: Path) -> None:
    """What a service's configuration is to whoever forgets sudo."""
    file = tmp_path / "x.yaml"
    file.write_text("text: hello\n", encoding="utf-8")
    file.chmod(0o600)
    here = os.getcwd()  # noqa: PTH109 - it may be closed to others
    os.chdir(tmp_path)
    os.seteuid(65_534)
    try:
        reader = Reader(Path("x.yaml"))
        assert reader.compose() is None
    finally:
        os.seteuid(0)
        os.chdir(here)
    assert [str(one) for one in reader.complaints] == [
        "x.yaml cannot be read: permission denied; use sudo, or run this as its owner"
    ]


def test_aliases_and_merge_keys(tmp_path: Path) -> None:
    thing, complaints = read(
        tmp_path,
        "inner: &one\n  word: a\n  size: 5\ninners:\n  - *one\n  - {<<: *one, word: b}\n"
        "  - <<: [{size: 9}, *one]\n  - {'<<': x, word: c}\n",
    )
    assert complaints == ["8:6: inners[3].<<: unknown key `<<`; known are size, word"]
    thing, complaints = read(
        tmp_path,
        "inner: &one\n  word: a\n  size: 5\ninners:\n  - *one\n  - {<<: *one, word: b}\n"
        "  - <<: [{size: 9}, {<<: *one}]\n",
    )
    assert complaints == []
    assert thing.inners == [Inner("a", 5), Inner("b", 5), Inner("a", 9)]


def test_what_contains_itself_ends(tmp_path: Path) -> None:
    assert read(tmp_path, "&a\ntext: b\n<<: *a\n")[0].text == "b"
    _, complaints = read(tmp_path, "words: &a [*a]\ninner: &b {word: *b}\n")
    assert [line.partition(" ")[2] for line in complaints] == [
        "words[0]: expected a single value",
        "inner.word: expected a single value",
    ]


def test_a_billion_laughs_are_no_joke(tmp_path: Path) -> None:
    lines = ["words: &a0 [ha]"]
    lines += [f"x{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    _, complaints = read(tmp_path, "\n".join([*lines, "inners: *a29"]))
    assert len(complaints) == 29 + 10  # the unknown keys, and what is no block ten times


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_environment_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "credentials"
    elsewhere.mkdir()
    (tmp_path / "near").write_text("near secret\r\n\n", encoding="utf-8")
    (elsewhere / "far").write_text("\ufefffar secret", encoding="utf-8")
    (elsewhere / "near").write_text("not this one", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(elsewhere))
    monkeypatch.setenv("WORD", "from outside")
    for line, secret in (
        ("!file near", "near secret"),
        ("!file far", "far secret"),
        (f"!file {elsewhere}/near", "not this one"),
        ("!env WORD", "from outside"),
    ):
        thing, complaints = read(tmp_path, f"secret: {line}")
        assert complaints == []
        assert thing.secret == Secret(secret)


def test_a_folder_lent_by_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lent = tmp_path / "credentials"
    lent.mkdir()
    (lent / "credentials_roof").write_text("from the folder", encoding="utf-8")
    (lent / "more_roof").write_text("from another", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(lent))
    for name, secret in (
        ("roof", "from the folder"),
        ("credentials/roof", "from the folder"),
        ("more/roof", "from another"),
    ):
        thing, complaints = read(tmp_path, f"secret: !file {name}")
        assert complaints == []
        assert thing.secret == Secret(secret)
    assert read(tmp_path, f"secret: !file {tmp_path}/roof")[0] is None


def test_a_file_to_be_read_is_found_where_a_secret_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lent = tmp_path / "lent"
    lent.mkdir()
    for file in (tmp_path / "near", lent / "near", lent / "far", lent / "credentials_far-key", lent / "more_key"):
        file.write_text("a key", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(lent))
    monkeypatch.setenv("HOME", "/nowhere")
    for text, found in (
        ("near", tmp_path / "near"),
        ("far", lent / "far"),
        ("far-key", lent / "credentials_far-key"),
        ("credentials/far-key", lent / "credentials_far-key"),
        ("more/key", lent / "more_key"),
        ("not-there-yet", tmp_path / "not-there-yet"),
        ("x" * 300, tmp_path / ("x" * 300)),
        ("~/key", Path("/nowhere/key")),
        (f"{lent}/near", lent / "near"),
    ):
        thing, complaints = read(tmp_path, f"key: {text}")
        assert complaints == []
        assert thing.key == found
    assert read(tmp_path, "key: ~")[0].key is None
    assert read(tmp_path, 'key: ""')[1] == ['1:6: key: "" is not a path']
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert read(tmp_path, "key: far")[0].key == tmp_path / "far"


def test_what_was_read_is_known(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("seven", encoding="utf-8")
    (tmp_path / "x.yaml").write_text("words: [a, !file s]\ninner: {word: !file s}\n", encoding="utf-8")
    reader = Reader(tmp_path / "x.yaml")
    node = reader.compose()
    assert node is not None
    assert reader.record(Thing, node, "").words == ["a", "seven"]
    assert reader.files.used == [tmp_path / "s"] * 2
    assert reader.hidden == {"words[1]", "inner.word"}


def test_secret_files_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    (tmp_path / "large").write_bytes(b"x" * 65537)
    (tmp_path / "binary").write_bytes(b"\xfe\xff")
    (tmp_path / "empty").write_bytes(b"\r\n")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name, reason in (
        ("missing", f"there is no file missing in {tmp_path} or {tmp_path / 'credentials'}; write the value into one"),
        (tmp_path / "none", f"there is no file {tmp_path / 'none'}; write the value into one"),
        ("larg", f"there is no file larg in {tmp_path} or {tmp_path / 'credentials'}; did you mean large?"),
        (tmp_path / "larg", f"there is no file {tmp_path / 'larg'}; did you mean {tmp_path / 'large'}?"),
        ("empty", f"{tmp_path / 'empty'} is empty; write the value into it"),
        ("large", f"{tmp_path / 'large'} cannot be read: it is larger than 64 KiB"),
        ("binary", f"{tmp_path / 'binary'} cannot be read: it is not UTF-8 text"),
        ("folder", f"{tmp_path / 'folder'} cannot be read: it is a folder"),
        ("pipe", f"{tmp_path / 'pipe'} cannot be read: it is not a regular file"),
        ("binary/below", f"{tmp_path / 'binary/below'} cannot be read: Not a directory"),
        ("x" * 300, f"{tmp_path / ('x' * 300)} cannot be read: File name too long"),
        ("~nobody-here/x", '"~nobody-here/x" is in the home of an unknown user'),
        ('""', '"" is not a path'),
    ):
        assert read(tmp_path, f"secret: !file {name}")[1] == [f"1:9: secret: {reason}"]
    assert "cannot be read" in read(tmp_path, "secret: !file loop")[1][0]


@pytest.mark.parametrize("key", ["count", "ratio", "on", "zone", "wait", "window", "choice", "words", "inner", "path"])
@pytest.mark.parametrize("secret", ["hunter2-hunter2", "no\nsense", "a" * 100, "~q9"])
def test_a_secret_at_the_wrong_place_is_not_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, secret: str
) -> None:
    (tmp_path / "s").write_text(secret, encoding="utf-8")
    monkeypatch.setenv("S", secret)
    for line in (f"{key}: !file s", f"{key}: !env S"):
        thing, complaints = read(tmp_path, line)
        assert thing is not None or complaints
        assert not any(secret in line or secret.replace("\n", "?") in line for line in complaints)


def test_a_secret_is_not_quoted_by_a_record_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S", "hunter2")
    assert read(tmp_path, "text: !env S\ncount: -1")[1] == ["2:8: the file: count must not be negative like ****"]


@dataclass
class Wrong:
    thing: complex


def test_a_kind_that_cannot_be_a_setting_is_a_bug(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("thing: 3", encoding="utf-8")
    reader = Reader(tmp_path / "x.yaml")
    node = reader.compose()
    assert node is not None
    with pytest.raises(TypeError, match="cannot hold"):
        reader.record(Wrong, node, "")
