"""Code in an Adaptive Card: a CodeBlock, and lines of monospaced text for clients that do not know it.

Source: Microsoft Learn, Teams platform, "Format cards in Teams", code blocks; Teams SDK, `CodeLanguage`.
"""

from typing import Final

from adapters.teams.outbound.rendering.runs import Element, Style, text_run

SHOWN: Final = 120
"""Lines of the fallback."""
_LANGUAGES: Final = {
    "Bash": "bash sh shell zsh console shell-session",
    "C": "c h",
    "Cpp": "cpp c++ cc cxx hpp",
    "CSharp": "csharp cs c#",
    "Css": "css scss less",
    "Dos": "dos bat batch cmd",
    "Go": "go golang",
    "Graphql": "graphql gql",
    "Html": "html htm xhtml",
    "Java": "java",
    "JavaScript": "javascript js jsx mjs cjs node",
    "Json": "json jsonc json5 jsonl",
    "ObjectiveC": "objectivec objective-c objc",
    "Perl": "perl pl",
    "Php": "php",
    "PowerShell": "powershell ps ps1 pwsh",
    "Python": "python py python3 ipython",
    "Sql": "sql mysql postgresql plsql sqlite tsql",
    "TypeScript": "typescript ts tsx",
    "VbNet": "vbnet vb",
    "Verilog": "verilog systemverilog",
    "Vhdl": "vhdl",
    "Xml": "xml svg xsd xslt",
}
_NAMED: Final = {word: name for name, words in _LANGUAGES.items() for word in words.split()}


def code_element(text: str, language: str = "") -> Element:
    return {
        "type": "CodeBlock",
        "codeSnippet": text or " ",
        "language": _NAMED.get(language.lower(), "PlainText"),
        "fallback": _monospaced(text),
    }


def _monospaced(text: str) -> Element:
    lines = text.split("\n")
    if len(lines) > SHOWN:
        lines = [*lines[:SHOWN], "…"]
    shown = [
        {"type": "RichTextBlock", "inlines": [text_run(_indented(line), Style(code=True))], "spacing": "None"}
        for line in lines
    ]
    return {"type": "Container", "style": "emphasis", "items": shown}


def _indented(line: str) -> str:
    """Blanks at the start would be lost; those between words are where a long line may break."""
    rest = line.lstrip(" \t")
    return "\xa0" * len(line[: len(line) - len(rest)].expandtabs(4)) + rest or " "
