/** By this, spreadsheets know that what follows is UTF-8. */
const MARK = "\u{FEFF}";

/** Has the browser save a table as a file: "usage 2026-03-01.csv". */
export function saveCsv(text: string, name: string): void {
  const day = new Date().toISOString().slice(0, 10);
  const href = URL.createObjectURL(new Blob([MARK + text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = href;
  link.download = `pingvas-${name}-${day}.csv`;
  link.click();
  // Some browsers begin to read it only after the click.
  window.setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
