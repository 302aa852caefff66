"""docs/directives.md has a section for each directive that the module has, and for no other."""
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]


def sections(level):
    return set(re.findall(rf"^{level} ([a-z_]+)$", (ROOT / "docs" / "directives.md").read_text(), re.M))


def block_table(name):
    return set(re.findall(r'^    \{"(\w+)", +\d', (ROOT / "src" / "nginx" / name).read_text(), re.M))


def test_directives():
    commands = set(re.findall(r'ngx_string\("(ai_\w+)"\)', (ROOT / "src" / "nginx" / "directives.cpp").read_text()))
    assert commands and sections("##") == commands


def test_directives_inside_blocks():
    inner = block_table("directive_provider.cpp") | block_table("directive_model.cpp")
    # Policies stand in a model and in locations alike.
    assert "target" in inner and sections("###") == inner - sections("##")


def test_every_section_has_the_reference_lines():
    text = (ROOT / "docs" / "directives.md").read_text()
    for name, body in re.findall(r"^##+ ([a-z_]+)$(.*?)(?=^##)", text, re.M | re.S):
        for line in ("Syntax", "Default", "Context"):
            assert body.count(f"**{line}:**") == 1, f"{name}: {line}"
        assert re.search(rf"\*\*Syntax:\*\* \| `{name}\b", body), name
