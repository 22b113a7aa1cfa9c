// Which key presses are the page's own.

/** True unless it is typed into a field, goes to a dialog, or comes with a modifier that means something to the browser. */
export function isForPage(e: KeyboardEvent): boolean {
  if (e.ctrlKey || e.metaKey || e.altKey || document.querySelector('dialog[open]')) return false;
  const t = e.composedPath()[0];
  return !(t instanceof HTMLElement && (t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName)));
}
