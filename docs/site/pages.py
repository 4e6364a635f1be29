"""Hooks of mkdocs: the pages that are made from the code, and what a link means on the site."""

import re
from pathlib import Path

import cli_reference
import python_reference
import rest_reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
# Pages of the repository that lie outside docs/, and the name each has on the site.
BESIDE = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Return the configuration with `folder/*` in the navigation replaced by the pages there, by name."""
    config.nav = _listed(config.nav, Path(config.docs_dir))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Return the files with the generated pages among them."""
    made = {
        "reference/cli.md": cli_reference.page(),
        "reference/rest-routes.md": rest_reference.page(),
        "reference/python.md": python_reference.page(),
    }
    # their links start at the top of the repository, as if from docs/ by way of `..`
    made |= {name: _LINK.sub(_from_the_top, (ROOT / source).read_text()) for source, name in BESIDE.items()}
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return the page's text with links out of docs/ led to their page on the site; to none, the words stay alone."""
    here = Path(page.file.src_uri).parent
    up = "../" * len(here.parts)

    def led(link: re.Match[str]) -> str:
        words, target = link.groups()
        if not target.startswith(f"{up}../"):
            return link[0]
        name = BESIDE.get(target.removeprefix(f"{up}../"))
        return f"[{words}]({up}{name})" if name else words

    return _LINK.sub(led, markdown)


def _from_the_top(link: re.Match[str]) -> str:
    words, target = link.groups()
    if re.match(r"[a-z]+:|#", target):
        return link[0]
    return f"[{words}]({target.removeprefix('docs/') if target.startswith('docs/') else f'../{target}'})"


def _listed(nav: object, docs: Path) -> object:
    match nav:
        case list():
            return [_listed(one, docs) for one in nav]
        case dict():
            return {title: _listed(one, docs) for title, one in nav.items()}
        case str() if nav.endswith("/*"):
            return [path.relative_to(docs).as_posix() for path in sorted((docs / nav).parent.glob("*.md"))]
        case _:
            return nav
