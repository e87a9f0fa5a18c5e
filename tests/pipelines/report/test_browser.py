"""The page in a real browser: at two widths, light and dark, with what axe finds; screenshots are kept as files."""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.pipelines.report.conftest import HOSTILE, ROWS
from tests.support.needs import leave

BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
WIDTHS = {"laptop": (1280, 800), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium of this machine; Playwright's own is never fetched."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        leave(f"not installed here: a headless browser, one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots are kept: SHARDMILL_SCREENSHOTS, else a temporary folder."""
    kept = os.environ.get("SHARDMILL_SCREENSHOTS")
    found = Path(kept) if kept else tmp_path_factory.mktemp("screenshots")
    found.mkdir(parents=True, exist_ok=True)
    return found


class Opened:
    """A page that is open, with all that the browser complained of."""

    def __init__(self, browser: Browser, path: Path, **context: Any) -> None:
        self._context = browser.new_context(offline=True, **context)
        self.page: Page = self._context.new_page()
        # However busy the machine is.
        self.page.set_default_timeout(180_000)
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.goto(path.as_uri())

    def close(self) -> None:
        """Closes the page."""
        self._context.close()

    def shown(self) -> list[str]:
        """The names of the columns that are shown, in order."""
        return self.page.locator("button.open:visible").all_inner_texts()


@pytest.fixture
def opened(browser: Browser, hostile_run: Path) -> Iterator[Opened]:
    """The page on a laptop."""
    found = Opened(browser, hostile_run / "report.html", viewport={"width": 1280, "height": 800})
    yield found
    found.close()
    assert found.said == []


@pytest.mark.parametrize(
    ("kind", "device", "scheme"),
    [
        *itertools.product(["run"], WIDTHS, ["light", "dark"]),
        ("files", "laptop", "dark"),
        ("files", "phone", "light"),
        ("diff", "laptop", "light"),
        ("diff", "phone", "dark"),
    ],
)
def test_the_page_is_sound_at_any_width_and_colour(
    browser: Browser, hostile_pages: dict[str, Path], folder: Path, kind: str, device: str, scheme: str
) -> None:
    """Every column opens without an error, nothing is wider than the screen, and axe finds nothing serious."""
    width, height = WIDTHS[device]
    viewport = {"width": width, "height": height}
    opened = Opened(browser, hostile_pages[kind], viewport=viewport, color_scheme=scheme)
    page = opened.page
    page.screenshot(path=folder / f"{kind}-{device}-{scheme}-first.png")
    for button in page.locator("button.open").all():
        button.click()
    assert page.locator(".detail").count() == page.locator("button.open").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Nor is what the table scrolls, or the right half of what is open would be cut off.
    assert page.locator(".scroll").evaluate("table => table.scrollWidth - table.clientWidth") <= 0
    page.screenshot(path=folder / f"{kind}-{device}-{scheme}.png", full_page=True)
    violations = Axe().run(page).response["violations"]
    assert page.locator("script").count() == 2
    opened.close()
    assert [each["id"] for each in violations if each["impact"] in ("serious", "critical")] == []
    assert opened.said == []


def test_no_text_of_the_data_runs(opened: Opened) -> None:
    """Markup in names and values is shown as text; the title stays the page's."""
    opened.page.locator("button.open", has_text=HOSTILE).click()
    assert opened.page.title() == "hostile · shardmill report"
    assert opened.page.locator("script").count() == 2
    assert "</script><b>" in opened.page.locator(".detail").inner_text()
    assert opened.page.locator(".detail b").count() == 0


def test_columns_are_searched_and_sorted(opened: Opened) -> None:
    """Words narrow the list; a head sorts by its numbers, the greatest first, and again the other way round."""
    page = opened.page
    page.get_by_label("Search").fill("CUSTOMER z_score")
    assert opened.shown() == ["customer_id"]
    assert page.locator("#shown-columns").inner_text() == "1 of 8"
    page.get_by_label("Search").fill("")
    head = page.get_by_role("button", name="tells of the label")
    head.click()
    assert opened.shown()[0] == "leak"
    head.click()
    assert opened.shown()[-1] == "leak"
    page.get_by_label("with warnings only").check()
    assert "same" in opened.shown()
    assert "amount" not in opened.shown()


def test_a_long_name_stays_on_one_line(opened: Opened) -> None:
    """Beside its arrow, with every column opened, as long as names often are."""
    buttons = opened.page.locator("button.open")
    for button in buttons.all():
        button.click()
    short, long = buttons.nth(3), buttons.nth(4)
    long.evaluate("(button) => { button.textContent = 'pickup_community_area' }")
    assert long.evaluate("(button) => button.offsetHeight") == short.evaluate("(button) => button.offsetHeight")


def test_the_page_is_used_by_keyboard(opened: Opened) -> None:
    """Enter opens a column and closes it again; a warning leads to its column, opened."""
    page = opened.page
    button = page.locator("button.open", has_text="amount")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    assert f"{ROWS:,}" in page.locator(".summary").inner_text()
    page.keyboard.press("Enter")
    assert page.locator(".detail").count() == 0
    page.get_by_role("link", name="'same' is constant").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".detail")
    assert page.locator("button.open[aria-expanded=true]").inner_text() == "same"


def test_the_page_prints_without_its_controls(opened: Opened) -> None:
    """Search and switches are for the screen."""
    opened.page.emulate_media(media="print")
    assert not opened.page.get_by_label("Search").is_visible()
    assert opened.page.locator("#table").is_visible()
