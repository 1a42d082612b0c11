"""The machine's own Chromium, where there is one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, sync_playwright

_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def a_tab() -> Iterator[Page]:
    """A new one; without a browser the test is skipped, and says so."""
    program = os.environ.get("BILLING_TEST_CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.skip("no browser: install chromium or set BILLING_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_QUIET)
        try:
            yield browser.new_page()
        finally:
            browser.close()
