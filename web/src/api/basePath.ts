/**
 * The path that the studio lies below, where people reach it at one: `/studio`; else nothing. The studio writes it into index.html, for
 * the same files serve at any path.
 */
export const BASE_PATH = document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? "";

/** Whether an address of this host belongs to the studio. */
export function isBelow(pathname: string): boolean {
  return pathname === BASE_PATH || pathname.startsWith(`${BASE_PATH}/`);
}

/** An address of this host as the page knows it: without the path that the studio lies below. */
export function ownPath(pathname: string): string {
  return isBelow(pathname) ? pathname.slice(BASE_PATH.length) || "/" : pathname;
}
