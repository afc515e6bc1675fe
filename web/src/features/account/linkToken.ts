/** The token of a link in a mail, taken out of the address so that it stays neither in view nor in the history. */
let token: string | null = null;
let taken = false;

/** The token; the same each time. A link without one gives "", which the server will refuse. */
export function linkToken(name = "token"): string {
  if (token === null) {
    token = new URLSearchParams(window.location.hash.slice(1)).get(name) ?? noted().linkToken ?? "";
    const { pathname, search } = window.location;
    window.history.replaceState(window.history.state, "", pathname + search);
    // Another link in the same window changes nothing but the fragment: it is begun with from the start.
    window.addEventListener("hashchange", () => window.location.reload());
  }
  return token;
}

/** The token, once: a second call gets null. For links that do something by being opened. */
export function takeLinkToken(): string | null {
  if (taken) return null;
  taken = true;
  return linkToken();
}

/** What is known of this entry of the history; a router keeps its own things there too. */
function noted(): { linkToken?: string; outcome?: unknown } {
  return (window.history.state ?? {}) as { linkToken?: string; outcome?: unknown };
}

function note(what: { linkToken?: string; outcome?: unknown }): void {
  window.history.replaceState({ ...noted(), ...what }, "");
}

/** Until it is forgotten a reload has the token still: what it is for is typed, and may be refused. */
export function keepLinkToken(): void {
  const kept = linkToken();
  if (kept !== "") note({ linkToken: kept });
}

export function forgetLinkToken(): void {
  note({ linkToken: undefined });
}

/** What a link did is there as well when the page is opened again, by a reload or by going back. */
export function keepOutcome(outcome: unknown): void {
  if (outcome !== undefined) note({ outcome });
}

/** What the link did that was here; undefined: nothing yet, or another link came. */
export function keptOutcome(): unknown {
  return window.location.hash === "" ? noted().outcome : undefined;
}
