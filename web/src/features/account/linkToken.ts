/** The token of a link in a mail, taken out of the address so that it stays neither in view nor in the history. */
let token: string | null = null;
let taken = false;

/** The token; the same each time. A link without one gives "", which the server will refuse. */
export function linkToken(name = "token"): string {
  if (token === null) {
    token = new URLSearchParams(window.location.hash.slice(1)).get(name) ?? "";
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
