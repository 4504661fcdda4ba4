"""How well the words on a page stand out from what is behind them, as the browser draws it."""

from __future__ import annotations

from playwright.sync_api import Page

_FAINT = """() => {
    const channels = colour => {
        const found = colour.match(/[\\d.]+/g).map(Number);
        const scale = colour.startsWith("color(") ? 255 : 1;
        return [found[0] * scale, found[1] * scale, found[2] * scale, found[3] ?? 1];
    };
    const over = ([r, g, b, a], below) => [r, g, b].map((each, i) => each * a + below[i] * (1 - a));
    const luminance = rgb => rgb
        .map(each => each / 255)
        .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
        .reduce((sum, each, i) => sum + each * [0.2126, 0.7152, 0.0722][i], 0);
    const holds = (box, x, y) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
    const contrast = element => {
        const chain = [];
        for (let each = element; each; each = each.parentElement) chain.unshift(each);
        const own = getComputedStyle(element), at = element.getBoundingClientRect();
        const [x, y] = [(at.left + at.right) / 2, (at.top + at.bottom) / 2];
        const paper = chain
            .filter(each => each === document.body || holds(each.getBoundingClientRect(), x, y))
            .reduce((below, each) => over(channels(getComputedStyle(each).backgroundColor), below), [255, 255, 255]);
        const ink = channels(element instanceof SVGElement ? own.fill : own.color);
        ink[3] *= chain.reduce((product, each) => product * getComputedStyle(each).opacity, 1);
        const [dark, light] = [luminance(over(ink, paper)), luminance(paper)].sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    };
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faint = new Set();
    while (words.nextNode()) {
        const element = words.currentNode.parentElement;
        const text = words.currentNode.data.trim();
        const drawn = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
        const off = element.closest("[disabled], [aria-disabled=true], [data-disabled], style, script, canvas");
        const halo = element instanceof SVGElement && getComputedStyle(element).stroke !== "none";
        if (!text || !drawn || off || halo || !element.getClientRects().length) continue;
        const found = contrast(element);
        if (found < 4.5) faint.add(`${text.slice(0, 60)}: ${found.toFixed(1)}`);
    }
    return [...faint];
}"""


def faint(page: Page) -> list[str]:
    """Words with a contrast below 4.5:1 (WCAG 2 AA), with their contrast; disabled controls may be fainter."""
    found: list[str] = page.evaluate(_FAINT)
    return found
