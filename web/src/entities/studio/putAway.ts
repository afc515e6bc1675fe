/** Which announcements were put away in this browser. Another one has another id, and is shown. */
const STORED = "pingvas.announcements.put_away";

export function loadPutAway(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return Array.isArray(stored) ? stored.filter((id) => typeof id === "string") : [];
  } catch {
    // Storage is forbidden, or holds something else: everything is shown.
    return [];
  }
}

export function savePutAway(ids: readonly string[]): void {
  try {
    localStorage.setItem(STORED, JSON.stringify(ids));
  } catch {
    // Without storage it is put away as long as the page is open.
  }
}
