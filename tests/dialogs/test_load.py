"""What YAML would misread, and how a mistake is told."""

import pytest

from dialogs.load import MAX_CHARACTERS, MAX_NODES, DialogError, load, load_file
from tests.cost import cpu
from tests.dialogs.shop import HEAD, written


def problems(source):
    with pytest.raises(DialogError) as refused:
        load(source, "sample.yaml")
    return [str(problem) for problem in refused.value.problems]


def test_on_stays_a_key_and_yes_and_no_stay_words():
    dialog = written("""
a:
  on:
    - hear: {words: [yes, no, on, off, 01230, 1e3, null, 12:30]}
      goto: b
b: {end: true}
""")
    assert dialog.states["a"].on[0].hear.words == {"": ["yes", "no", "on", "off", "01230", "1e3", "null", "12:30"]}


def test_a_postcode_that_begins_with_zero_stays_whole():
    dialog = written("a: {then: [{do: remember, field: postcode, value: 01230}]}")
    assert dialog.states["a"].then[0].value == "01230"


@pytest.mark.parametrize("said", ["{fr: Prénom ?, en: Name?}", "{fr: Prénom : lequel}", "Prénom : lequel"])
def test_a_french_text_without_quotes_is_told_to_have_some(said):
    [told] = problems(HEAD + f"  a: {{end: true}}\n  b:\n    say: {said}\n")
    assert told.startswith("sample.yaml:8: ")
    assert told.endswith(": a text with `?` or `:` after a blank must stand in quotes")


def test_a_bracket_that_is_not_closed_is_no_matter_of_quotes():
    [told] = problems(HEAD + "  a: {say: Hello\n")
    assert "quotes" not in told


def test_a_limit_is_a_number():
    [told] = problems(HEAD + "  a: {say: How many, on: [{hear: {number: {max: inf}}, goto: b}]}\n  b: {end: true}\n")
    assert told == "sample.yaml:6: states.a.on.0.hear.number.max: Input should be a finite number"


def test_a_key_written_twice_is_refused_at_its_second_line():
    assert problems(HEAD + "  a: {end: true}\n  b:\n    say: one\n    say: two\n") == [
        "sample.yaml:9: states.b: `say` is written twice"
    ]


def test_a_bomb_of_references_is_refused():
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    assert problems(bomb) == ["sample.yaml:2: write it out: `*` references are not allowed"]


def test_endless_nesting_is_refused():
    assert problems("a: " + "[" * 5000) == ["sample.yaml:1: this is nested too deeply"]


def test_brackets_are_refused_before_all_of_them_are_looked_at():
    """Their scanner looks ahead, and further for each one that is open: it would cost more than a long dialog."""
    assert cpu(lambda: problems("[" * 20_000)) < cpu(lambda: problems("- a\n" * (MAX_NODES - 1))) / 3


def test_more_keys_and_values_than_anybody_writes_are_refused():
    assert problems("- c\n" * MAX_NODES) == [f"sample.yaml:{MAX_NODES}: this is too much: more than {MAX_NODES} keys and values"]


def test_a_dialog_of_a_hundred_thousand_characters_is_refused():
    assert "a file may have 100000 characters" in problems("#" * (MAX_CHARACTERS + 1))[0]


def test_an_object_of_python_is_only_text():
    assert "states.a.say" in problems(HEAD + "  a: {say: !!python/object/apply:os.system [true]}")[0]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ("a: {sai: hello}", "sample.yaml:6: states.a.sai: `sai`: this key is not known here"),
        ("a:\n  on:\n    - hear: {words: [x]}", "sample.yaml:8: states.a.on.0: `goto`: this key is missing"),
        ("a: {say: ''}", "sample.yaml:6: states.a.say: this must not be empty"),
        ("a:\n  say: hi\n  after: {wait: 48, goto: a}",
         "sample.yaml:8: states.a.after.wait: write a duration like PT48H (hours), PT30M (minutes) or P2D (days)"),
        ("a: {end: true, choose: [{goto: a}]}",
         "sample.yaml:6: states.a: a state does only one of: on, after, choose, end"),
        ("a: {otherwise: {tries: 1}}", "sample.yaml:6: states.a: `otherwise` belongs to a state that listens (`on`)"),
        ("a: {then: [{tag: vip}]}",
         "sample.yaml:6: states.a.then.0: an action needs `do`, such as {do: tag, tag: vip}"),
        ("a: {then: [{do: open, dialog: b}, {do: tag, tag: x}]}",
         "sample.yaml:6: states.a.then: `open` must be the last action: what follows is done when that dialog has ended"
         ),
        ("a: {choose: [{when: {tag: a, consent: b}, goto: a}]}",
         ("sample.yaml:6: states.a.choose.0.when: a condition has exactly one key, such as tag, consent, value, all, "
          "any or not")),
        ("a: {choose: [{when: {value: {name: x}}, goto: a}]}",
         "sample.yaml:6: states.a.choose.0.when.value: say what the value should be: is, below, above or in"),
        ("a: {on: [{hear: [oui], goto: a}]}",
         "sample.yaml:6: states.a.on.0.hear: a branch hears one listener, such as {words: [oui]}"),
        ("a: {on: [{hear: {phone: {}, date: {}}, goto: a}]}",
         ("sample.yaml:6: states.a.on.0.hear: a branch hears exactly one of: words, choice, yes, no, number, "
          "date, until, topic, phone, postcode, name, picture, anything")),
    ],
)
def test_a_mistake_is_told_with_file_line_and_path(states, told):
    with pytest.raises(DialogError) as refused:
        written(states)
    assert [str(problem) for problem in refused.value.problems] == [told]


@pytest.mark.parametrize("source", ["", "just words", "- a\n- b", "{", "a: b: c", "\x00", "? [a]\n: b", "a: \ud800"])
def test_what_is_no_dialog_at_all_is_refused_in_words(source):
    assert problems(source)


def test_a_file_from_notepad_is_read_like_any_other(tmp_path):
    (tmp_path / "new.yaml").write_text(HEAD + "  a: {say: Été}\n", encoding="utf-8-sig")
    assert load_file(tmp_path / "new.yaml").states["a"].say == {"": "Été"}


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "old.yaml").write_bytes("name: caf\xe9".encode("latin-1"))
    with pytest.raises(DialogError, match="not UTF-8"):
        load_file(tmp_path / "old.yaml")
