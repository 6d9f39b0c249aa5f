"""What each part of an answer becomes in Block Kit, within Slack's own limits."""

import re
from typing import Any

import pytest

from adapters.slack.outbound.rendering import blocks, layout
from bot.domain.replies import Reply, Section, Table
from tests.slack.fake import blocks as limits
from tests.slack.fake import reading

Json = dict[str, Any]


def made(source: str) -> list[Json]:
    found = blocks.to_blocks(source)
    limits.check(found)
    return found


def parts(source: str) -> list[Json]:
    """The parts of an answer that is rich text only."""
    (block,) = made(source)
    return list(block["elements"])


def outline(source: str) -> list[tuple[str, str]]:
    """Kind and words of everything, in its order."""
    found = []
    for block in made(source):
        inside = block["elements"] if block["type"] == "rich_text" else [block]
        for part in inside:
            words = reading.rich(part) if block["type"] == "rich_text" else reading.body(part)
            found.append((part["type"].removeprefix("rich_text_"), words.strip()))
    return found


def elements(source: str) -> list[Json]:
    (part,) = parts(source)
    return list(part["elements"])


def emoji(source: str) -> list[str]:
    return [one["name"] for one in elements(source) if one["type"] == "emoji"]


def grid(rows: int, columns: int = 2, cell: str = "c") -> str:
    head = "|" + "|".join(f"h{n}" for n in range(columns)) + "|\n" + "|---" * columns + "|\n"
    return head + "".join(f"|{'|'.join(f'{cell}{at}' for _ in range(columns))}|\n" for at in range(rows))


def test_what_an_item_holds_stands_in_its_order_and_the_numbers_go_on() -> None:
    source = (
        "1. Install it:\n   ```sh\n   pip install x\n   ```\n   Then start it:\n   ```sh\n   x run\n   ```\n"
        "   > It takes a moment.\n\n   - once\n   - twice\n\n   And that is all.\n2. Enjoy.\n"
    )

    assert outline(source) == [
        ("list", "Install it:"),
        ("preformatted", "pip install x"),
        ("section", "Then start it:"),
        ("preformatted", "x run"),
        ("quote", "It takes a moment."),
        ("list", "once\ntwice"),
        ("section", "And that is all."),
        ("list", "Enjoy."),
    ]
    first, *_, last = parts(source)
    assert (first["style"], first.get("offset", 0)) == ("ordered", 0)
    assert (last["style"], last["offset"]) == ("ordered", 1)
    assert [part["indent"] for part in parts(source) if part["type"] == "rich_text_list"] == [0, 1, 0]


def test_a_list_begins_with_its_own_number() -> None:
    assert parts("7) seven\n8) eight")[0]["offset"] == 6


def test_a_table_in_an_item_is_a_table_and_the_list_goes_on_behind_it() -> None:
    source = "1. one\n\n   | a | b |\n   |---|---|\n   | 1 | 2 |\n\n2. two\n"

    assert [kind for kind, _ in outline(source)] == ["list", "table", "list"]
    assert made(source)[2]["elements"][0]["offset"] == 1


def test_code_and_lists_in_a_quote_stay_what_they_are() -> None:
    source = (
        "> said\n>\n> again\n> - one\n> - two\n>\n> ```py\n> x = 1\n> ```\n>\n> | a |\n> |---|\n> | 1 |\n"
    )

    assert [
        (kind, part.get("border")) for (kind, _), part in zip(outline(source), parts(source), strict=True)
    ] == [
        ("quote", None),
        ("list", 1),
        ("preformatted", 1),
        ("preformatted", 1),
    ]
    assert outline(source)[0] == ("quote", "said\n\nagain")
    assert parts(source)[2]["language"] == "py"


def test_tasks_show_whether_they_are_done() -> None:
    assert outline("- [ ] open\n- [x] done\n- none") == [("list", "☐ open\n☑ done\nnone")]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("# Plain **words** :tada:", "header"),
        ("# With [a link](https://site.example)", "section"),
        ("# With https://site.example", "section"),
        ("# With `code`", "section"),
        (r"# With $$x^2$$", "section"),
        ("# Struck ~~out~~", "section"),
        ("# " + "long " * 40, "section"),
        ("### Small", "section"),
    ],
    ids=range(8),
)
def test_a_heading_is_a_header_where_a_header_shows_all_of_it(source: str, kind: str) -> None:
    ((shown, words),) = outline(source)

    assert shown == kind
    if kind == "section":
        assert all(one["style"]["bold"] for one in elements(source))
    assert len(words) >= len("Small")


def test_a_link_in_a_heading_is_clickable() -> None:
    assert [
        one["url"] for one in elements("# See [docs](https://site.example/d)") if one["type"] == "link"
    ] == ["https://site.example/d"]


def test_a_link_in_a_cell_is_clickable_and_columns_are_aligned() -> None:
    (table,) = made("| a | b | c | d |\n|:--|:-:|--:|---|\n| [docs](https://site.example/d) | 2 | 3 | 4 |")

    (first, *_) = table["rows"][1]
    assert first["elements"][0]["elements"][0] == {
        "type": "link",
        "url": "https://site.example/d",
        "text": "docs",
    }
    assert [one.get("align") for one in table["column_settings"]] == ["left", "center", "right", None]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("done :tada:", ["tada"]),
        (":tada::rocket:!", ["tada", "rocket"]),
        ("hi :wave::skin-tone-3: there", ["wave::skin-tone-3"]),
        (":+1: and :100: and :white_check_mark:", ["+1", "100", "white_check_mark"]),
        ("**:tada:**", ["tada"]),
        ("at 10:30:45, std::vector::size, a:b:c, :no, :Tada:, :t a d a:", []),
        ("`:tada:` and https://site.example/:tada:/", []),
        ("[:tada:](https://site.example)", []),
    ],
    ids=range(8),
)
def test_codes_of_emoji_become_emoji(source: str, names: list[str]) -> None:
    assert emoji(source) == names


def test_no_code_is_read_in_code() -> None:
    assert parts("```\n:tada:\n```")[0]["elements"] == [{"type": "text", "text": ":tada:"}]


def test_a_formula_keeps_every_character_in_code() -> None:
    assert elements(r"So \(a_1 * b_2 * c\).")[1] == {
        "type": "text",
        "text": r"\(a_1 * b_2 * c\)",
        "style": {"code": True},
    }


def test_a_formula_of_its_own_is_a_block_of_code() -> None:
    assert outline("So:\n\n$$\nx = \\frac{1}{2}\n$$\n\nand on") == [
        ("section", "So:"),
        ("preformatted", "$$\nx = \\frac{1}{2}\n$$"),
        ("section", "and on"),
    ]


def test_a_label_that_is_bold_is_a_bold_link() -> None:
    assert elements("[**docs**](https://site.example)")[0]["style"] == {"bold": True}


def test_several_tables_are_several_tables() -> None:
    assert [block["type"] for block in made(f"{grid(3)}\nbetween\n\n{grid(4)}")] == [
        "table",
        "rich_text",
        "table",
    ]


def test_a_long_table_is_a_data_table_with_every_row() -> None:
    (table,) = made(grid(150))

    assert table["type"] == "data_table"
    assert [row[0]["text"] for row in table["rows"]] == ["h0", *(f"c{at}" for at in range(150))]
    assert [block["type"] for block in made(grid(99))] == ["table"]


@pytest.mark.parametrize(
    "source", [grid(300), grid(2, columns=30), grid(60, cell="a long cell " * 7)], ids=range(3)
)
def test_a_table_beyond_all_limits_is_text_with_every_cell(source: str) -> None:
    found = made(source)

    assert {block["type"] for block in found} == {"rich_text"}
    said = {one.strip(":") for block in found for one in re.split(r"[\s|]+", reading.body(block))}
    assert said >= set(re.findall(r"\w+", source))


def test_columns_that_are_narrow_are_aligned_and_wide_ones_are_one_entry_per_row() -> None:
    narrow = layout.simple({"blocks": made("| a | price |\n|---|--:|\n| tea | 2 |\n| coffee | 10 |")})
    wide = layout.simple({"blocks": made(f"| place | note |\n|---|---|\n| Brest | {'high ' * 20}|\n")})

    assert reading.body(narrow["blocks"][0]) == "a       price\n------  -----\ntea         2\ncoffee     10"
    assert reading.body(wide["blocks"][0]).split("\n")[0] == "place: Brest"
    assert reading.body(wide["blocks"][0]).split("\n")[1].startswith("note: high high")


def test_a_table_that_becomes_text_keeps_its_links_and_emoji() -> None:
    found = made("| a | b |\n|---|---|\n| x | [docs](https://site.example/d) :tada: |\n")
    simple = layout.simple({"blocks": found})["blocks"]

    limits.check(simple)
    assert "'url': 'https://site.example/d'" in str(simple)
    assert "'name': 'tada'" in str(simple)


def test_no_cell_is_cut() -> None:
    long = "word " * 900

    assert reading.body(made(f"| a |\n|---|\n| {long} |")[0]).split() == ["a", *long.split()]


def test_so_many_tables_that_blocks_run_out_are_text() -> None:
    source = "\n\n".join(f"{grid(1, cell=f'n{at}x')}\nbetween {at}" for at in range(40))

    assert {block["type"] for block in made(source)} == {"rich_text"}
    assert all(f"n{at}x0" in str(made(source)) for at in range(40))


def test_tables_that_are_mostly_blanks_do_not_make_a_message_too_long() -> None:
    source = "|a|\n|-|\n" + f"|{'w' * 60}|\n" + "|b\n" * 1_900

    assert str(made(source)).count("b") >= 1_900


def test_tables_beyond_the_characters_of_a_message_are_text() -> None:
    reply = Reply(
        text="", table=Table(header=("a",), rows=tuple((f"{at} " + "word " * 30,) for at in range(90)))
    )
    found = layout.reply(reply)["blocks"]

    assert found[0]["type"] == "rich_text"
    assert all(f"{at} word" in reading.body(found[0]) for at in range(90))


def test_the_parts_of_a_comparison_fit_into_one_message_with_their_tables() -> None:
    section = Section(
        title="grok", text="| a | b |\n|---|---|\n" + f"| {'w' * 40} | x |\n" + "| y | z |\n" * 300
    )
    content = layout.reply(Reply(text="", sections=(section,) * 4))

    limits.check(content["blocks"])


def test_a_notification_says_what_the_message_shows() -> None:
    content = layout.finished("# Moons\n\n- [ ] **Io** & :tada:\n\n| a | b |\n|---|---|\n| 1 | <2 |")

    assert content["text"] == "Moons\n• ☐ Io &amp; :tada:\na | b\n1 | &lt;2"


def test_a_text_that_grows_beyond_a_message_when_it_is_rendered_is_shown_as_it_was_written() -> None:
    source = "[a] " * 20 + "**b**\n\n[a]: javascript:" + "x" * 1_900

    assert elements(source) == [{"type": "text", "text": source}]
