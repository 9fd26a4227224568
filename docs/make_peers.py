"""Write docs/peers.md, who calls what by which name, from csched.presets.names."""

from pathlib import Path

from csched.presets import names

import csched

PAGE = Path(__file__).with_name("peers.md")
INTRODUCTION = """# Who calls what by which name

Each name is a preset: `csched.presets.<library>.<name>` has the arguments, the defaults and the
numbers of the library's own. `csched.presets.find("one_cycle")` searches this table.
"""


def page():
    """The page as it should be."""
    count = sum(len(getattr(csched.presets, name).__all__) for name in csched.presets.LIBRARIES)
    parts = [INTRODUCTION, f"{count} presets, {len(csched.presets.LIBRARIES)} libraries.\n"]
    for family, rows in names.FAMILIES.items():
        parts.append(f"## {family}\n\n| library | name | also called | here |\n|---|---|---|---|")
        for library, called, differs in rows:
            name, *aliases = called.split()
            also = ", ".join(f"`{a}`" for a in aliases)
            parts.append(f"| {library} | `{name}` | {also} | {differs} |")
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
