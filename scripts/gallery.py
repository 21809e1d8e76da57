"""Draws the notices as people see them: docs/gallery.md and its pictures.

gallery.py [FOLDER]

The texts are those of lambda/tests/notices and lambda/tests/investigations, which tests
compare with what the function renders. FOLDER is docs unless given. The same notices make the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
NOTICES = ROOT / "lambda" / "tests" / "notices"
STOLEN_KEY = ROOT / "lambda" / "tests" / "investigations" / "stolen_key"
# What is shown, and what happened there.
KINDS = {
    "restored": "A role session stopped the trail; it logs again",
    "restored_change": "A user weakened the trail; it is as declared again",
    "not_restored": "The trail does not log, and could not be started",
    "attempt_denied": "Somebody tried, and was refused",
    "already_logging_by_sweep": "A sweep found a stop that no event told of",
    "restored_repeated": "The same actor did it again, for the eighth time within the hour",
    "storm_summary": "What an actor did a hundred times, summed up",
    "storm_summary_going_on": "What goes on when the hour is over, summed up",
    "left_alone": "Break-glass: a stop that is left alone for a time",
    "restored_contained_user": "Containment: the user who did it again can do nothing more",
    "restored_contained_role": "Containment: the sessions of the role are revoked",
    "restored_containment_failed": "Containment that failed",
    "unreachable": "Accounts of the organisation cannot be reached",
}
COLOURS = {"CRITICAL": "#cf222e", "HIGH": "#bc4c00", "MEDIUM": "#9a6700", "INFO": "#0969da"}
STYLE = (
    ".g{font:13px ui-sans-serif,system-ui,'Segoe UI','DejaVu Sans',sans-serif}"
    ".g text{fill:#1f2328;white-space:pre}.g .m{font:12px ui-monospace,Menlo,'DejaVu Sans Mono',monospace}"
    ".g .bg{fill:#fff;stroke:#d1d9e0}.g .bar{fill:#f6f8fa}.g .b{font-weight:600}.g .dim{fill:#59636e}"
    ".g .link{fill:#0969da}.g .code{fill:#a0111f}"
)
LINE = 17
MONO = 7.23


def _svg(width: int, height: int, label: str, parts: list[str]) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="g" {size} role="img" aria-label="{escape(label)}">'
    body = [
        f"<style>{STYLE}</style>",
        f'<rect class="bg" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="6"/>',
    ]
    return "\n".join([head, *body, *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, kind: str = "", fill: str = "") -> str:
    styled = f' class="{kind}"' if kind else ""
    filled = f' style="fill:{fill}"' if fill else ""
    return f'<text x="{x:g}" y="{y:g}"{styled}{filled} xml:space="preserve">{escape(text)}</text>'


def _severity(subject: str) -> str:
    return COLOURS[subject.split(" ", 1)[0]]


def mail(text: str) -> str:
    """An e-mail in its frame."""
    subject, body = text.removeprefix("Subject: ").split("\n\n", 1)
    lines = body.rstrip("\n").split("\n")
    columns = max(len(line) for line in lines)
    width = round(max(columns, 80) * MONO) + 40
    parts = [
        f'<path class="bar" d="M1 60V7a6 6 0 0 1 6-6H{width - 7}a6 6 0 0 1 6 6v53z"/>',
        _text(20, 25, subject, "b", _severity(subject)),
        _text(20, 47, "AWS Notifications <no-reply@sns.amazonaws.com>", "dim"),
    ]
    for at, line in enumerate(lines):
        if line:
            is_link = line.lstrip().startswith("https://")
            kind = "m link" if is_link else "m b" if re.match(r"[A-Z]{3,}\b", line) else "m"
            parts.append(_text(20, 84 + at * LINE, line, kind))
    return _svg(width, 100 + len(lines) * LINE, f"E-mail: {subject}", parts)


def _wrapped(line: str, columns: int) -> list[str]:
    """A line of a chat, broken at blanks, and where there are none, anywhere; what is code stays it."""
    if line.startswith("https://"):
        return [line]
    lines, current, is_code = [], "", False
    for word in re.split(r"(?<= )", line):
        while word:
            room = columns - len(current.replace("`", ""))
            if len(word.replace("`", "").rstrip()) > room and current and len(word) <= columns:
                lines.append(current + ("`" if is_code else ""))
                current = "`" if is_code else ""
                continue
            piece, word = word[: max(room, 1)], word[max(room, 1) :]
            is_code ^= piece.count("`") % 2 == 1
            current += piece
            if word:
                lines.append(current + ("`" if is_code else ""))
                current = "`" if is_code else ""
    return [piece.lstrip(" ") for piece in [*lines, current]]


def _marked(x: int, y: int, line: str, kind: str) -> str:
    spans = []
    for at, piece in enumerate(line.split("`")):
        if not piece:
            continue
        style = "m code" if at % 2 else "link" if piece.startswith("https://") else ""
        bold = re.fullmatch(r"\*(.+)\*", piece)
        label = re.match(r"\*(.+?:)\*(.*)", piece)
        if at % 2 == 0 and bold:
            spans.append(f'<tspan class="b">{escape(bold[1])}</tspan>')
        elif at % 2 == 0 and label:
            spans.append(f'<tspan class="b">{escape(label[1])}</tspan><tspan>{escape(label[2])}</tspan>')
        else:
            spans.append(f'<tspan class="{style}">{escape(piece)}</tspan>')
    return f'<text x="{x}" y="{y}" class="{kind}" xml:space="preserve">{"".join(spans)}</text>'


def chat(message: dict) -> str:
    """A message in a channel."""
    content, columns = message["content"], 92
    subject = message["metadata"]["summary"]
    colour, y = _severity(subject), 52
    title = _marked(60, y, content["title"], "b").replace("<tspan", f'<tspan style="fill:{colour}"')
    logo = ['<circle cx="34" cy="34" r="15" fill="#6639ba"/>', _text(28.5, 39, "Q", "b", "#fff")]
    parts = [*logo, _text(60, 30, "Amazon Q", "b"), title]
    top = y + 10
    y += 26
    blocks = [content["description"]]
    if content["nextSteps"]:
        blocks += ["*Next steps*", *(f"• {step}" for step in content["nextSteps"])]
    for block in blocks:
        for line in block.split("\n"):
            for piece in _wrapped(line, columns):
                parts.append(_marked(74, y, piece, ""))
                y += LINE + 1
        y += 5
    parts.append(f'<rect x="60" y="{top}" width="4" height="{y - top - 18}" rx="2" fill="{colour}"/>')
    parts.append(_text(74, y, " · ".join(content["keywords"]), "dim"))
    links = [line for block in blocks for line in block.split("\n") if line.startswith("https://")]
    width = max(760, round(max(map(len, links), default=0) * 7.4) + 100)
    return _svg(width, y + 18, f"Chat: {subject}", parts)


def inbox(subjects: list[str]) -> str:
    """All subjects, as a list of mails shows them."""
    width, row = 760, 30
    parts = []
    for at, subject in enumerate(subjects):
        y = at * row
        severity, rest = subject.split(" ", 1)
        if at:
            parts.append(f'<path d="M1 {y}h{width - 2}" stroke="#d1d9e0"/>')
        parts.append(_text(20, y + 20, severity, "b", COLOURS[severity]))
        parts.append(_text(105, y + 20, rest))
    return _svg(width, len(subjects) * row, "Subjects of all kinds of notices", parts)


def _excerpt(kind: str, name: str) -> str:
    return (NOTICES / kind / name).read_text().rstrip("\n")


def pictures() -> dict[str, str]:
    """Every file of the gallery by its path below docs."""
    files = {}
    subjects = [path.read_text().split("\n", 1)[0] for path in sorted(NOTICES.glob("*/email.txt"))]
    order = list(COLOURS)
    subjects = sorted({s.removeprefix("Subject: ") for s in subjects}, key=lambda s: (order.index(s.split(" ")[0]), s))
    files["gallery/subjects.svg"] = inbox(subjects)
    page = [
        "# Gallery",
        "",
        "The main kinds of notices, as they look. `make gallery` draws them from the notices that the tests compare "
        "with what the function renders (`lambda/tests/notices`, `lambda/tests/investigations`); a test says whether "
        "they are up to date. "
        "What arrives where: [notices.md](notices.md).",
        "",
        "## Subjects",
        "",
        "Of the e-mails, and whole as SMS: severity first, then what is the case now.",
        "",
        "![Subjects](gallery/subjects.svg)",
    ]
    shown = [(STOLEN_KEY, "A stolen key, with the first page of the investigation")]
    shown += [(NOTICES / kind, title) for kind, title in KINDS.items()]
    for folder, title in shown:
        kind = folder.name
        files[f"gallery/{kind}-email.svg"] = mail((folder / "email.txt").read_text())
        files[f"gallery/{kind}-chat.svg"] = chat(json.loads((folder / "chat.json").read_text()))
        page += [
            "",
            f"## {title}",
            "",
            f"![E-mail](gallery/{kind}-email.svg)",
            "",
            f"![Chat](gallery/{kind}-chat.svg)",
        ]
    page += [
        "",
        "## For machines",
        "",
        "The document of the stop by a role session, as https, SQS and Lambda get it. Its schema: "
        "[schema/notice-1.json](schema/notice-1.json).",
        "",
        "```json",
        _excerpt("restored", "document.json"),
        "```",
        "",
        "The same as a finding of AWS Security Hub, with `security_hub`.",
        "",
        "```json",
        _excerpt("restored", "finding.json"),
        "```",
    ]
    files["gallery.md"] = "\n".join(page) + "\n"
    return files


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    (folder / "gallery").mkdir(parents=True, exist_ok=True)
    files = pictures()
    for old in (folder / "gallery").glob("*.svg"):
        if f"gallery/{old.name}" not in files:
            old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
