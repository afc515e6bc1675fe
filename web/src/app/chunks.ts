/**
 * Parts of the page that do not come. After an upgrade of the studio the files that an open page knows of are gone: the page is loaded
 * anew, once, and whoever still lacks them is told so. Offline that would lose the page, so nothing is loaded anew.
 */
const RELOADED = "pingvas.reloaded";
/** A reload that helped is long over; a part that is missing later is another matter. */
const ONCE_WITHIN_MS = 60_000;

export class ChunkGone extends Error {
  override name = "ChunkGone";
}

/** What `load` gives. Where it fails: a page loaded anew, or `ChunkGone`. */
export async function loadChunk<T>(load: () => Promise<T>, reload = reloadPage): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (navigator.onLine && mayReload()) {
      reload();
      // The page goes away; nothing is shown in its place until then.
      return new Promise<never>(() => undefined);
    }
    throw new ChunkGone("a part of the page could not be loaded", { cause });
  }
}

function reloadPage(): void {
  window.location.reload();
}

function mayReload(): boolean {
  try {
    const before = Number(sessionStorage.getItem(RELOADED) ?? 0);
    if (Date.now() - before < ONCE_WITHIN_MS) return false;
    sessionStorage.setItem(RELOADED, String(Date.now()));
    return true;
  } catch {
    // Without storage nobody knows whether it was tried before.
    return false;
  }
}
