/** The token of a one-time link, taken out of the address so that it stays neither in view nor in the history. */

/** The token, once: a second call gets null. A link without one gives "", which the server will refuse. */
export function takeLinkToken(): string | null {
  if (taken) return null;
  taken = true;
  const token = new URLSearchParams(window.location.hash.slice(1)).get("token") ?? "";
  window.history.replaceState(window.history.state, "", window.location.pathname);
  return token;
}

let taken = false;
