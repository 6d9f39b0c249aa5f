"""What the tree says to the page of addresses."""

from adapters.web.outbound.tree import tree_of


def test_a_formula_in_a_label_is_not_drawn() -> None:
    """It could look like another address."""
    written = r"$\text{bank}.\text{example}$"

    assert tree_of(f"[**{written}**](https://evil.example)") == [
        ["p", ["a", "https://evil.example", "", ["b", ["c", written]]]]
    ]


def test_a_bare_address_with_letters_of_another_alphabet_is_followed_by_its_host() -> None:
    address = "https://b\u0430nk.example/a"

    assert tree_of(f"\u770b{address}") == [["p", "\u770b", ["a", address, "xn--bnk-6cd.example", address]]]
