/**
 * What a browser does for pages of its own when one goes from one to another: a new page begins at its top, with the focus at its
 * heading; one that is come back to stands where it was left, with the focus where it was.
 */
import { useEffect, type RefObject } from "react";
import { NavigationType, useLocation, useNavigationType } from "react-router";

import { isSomethingAbove } from "@/shortcuts/above";

import { markOf, findMarked, type Mark } from "./marks";

interface Left {
  y: number;
  focus: Mark | null;
}

/** By these somebody says that they are about something else. */
const DEEDS = ["wheel", "touchstart", "keydown", "pointerdown"] as const;
/** How long what was there before is waited for. */
const WAIT_MS = 5_000;
const STORED = "pingvas.places";
const KEPT = 60;

const left = new Map<string, Left>(stored());

/** Keeps watch over `main`, in which the pages are shown. */
export function useArrival(main: RefObject<HTMLElement | null>): void {
  const { key, pathname } = useLocation();
  const kind = useNavigationType();

  useEffect(() => {
    history.scrollRestoration = "manual";
    const onScroll = () => note({ y: window.scrollY });
    const onFocus = ({ target }: Event) => {
      // A press does not give a link the focus in every browser.
      const control =
        target instanceof Element ? target.closest("a, button, input, textarea, [tabindex]") : null;
      if (control && main.current?.contains(control) && control !== main.current)
        note({ focus: markOf(control, main.current) });
    };
    const keep = () => store();
    window.addEventListener("scroll", onScroll, { passive: true });
    document.addEventListener("focusin", onFocus);
    document.addEventListener("click", onFocus, true);
    window.addEventListener("pagehide", keep);
    return () => {
      window.removeEventListener("scroll", onScroll);
      document.removeEventListener("focusin", onFocus);
      document.removeEventListener("click", onFocus, true);
      window.removeEventListener("pagehide", keep);
    };
  }, [main]);

  useEffect(() => {
    const before = shown;
    shown = pathname;
    const place = main.current;
    if (!place) return;
    const known = kind === NavigationType.Pop ? left.get(entryOf(key)) : undefined;
    // Opened for the first time: the browser has put the focus where it belongs, and a reload comes back to where one was.
    if (before === null) return known && comeBack(place, { ...known, focus: null });
    if (before !== pathname) {
      if (known) return comeBack(place, known);
      window.scrollTo(0, 0);
      return arrive(place);
    }
    // The same page, perhaps without what was open above it and had the focus.
    if (known?.focus) return comeBack(place, { ...known, y: window.scrollY });
  }, [key, pathname, kind, main]);

  useEffect(() => () => void (shown = null), []);
}

/** The page that was shown last. */
let shown: string | null = null;

function arrive(place: HTMLElement): () => void {
  return untilDone(place, () => {
    // What lies above the page has the focus as long as it is there.
    if (isSomethingAbove()) return false;
    const heading = place.querySelector<HTMLElement>("h1");
    if (!heading) return false;
    heading.tabIndex = -1;
    giveFocus(heading);
    return true;
  });
}

function comeBack(place: HTMLElement, { y, focus }: Left): () => void {
  let scrolled = false;
  let focused = focus === null;
  return untilDone(place, () => {
    if (!scrolled) {
      window.scrollTo(0, y);
      scrolled = Math.abs(window.scrollY - y) < 2;
    }
    if (!focused && focus && !isSomethingAbove()) {
      const control = findMarked(focus, place);
      focused = control !== null;
      if (control) giveFocus(control);
    }
    return scrolled && focused;
  });
}

/** Tries now, and again with each change of the page, until it worked, somebody does something else, or time is up. */
function untilDone(place: HTMLElement, attempt: () => boolean): () => void {
  if (attempt()) return () => undefined;
  const again = () => {
    if (attempt()) stop();
  };
  const mutations = new MutationObserver(again);
  mutations.observe(place, { childList: true, subtree: true });
  // Where dialogs come and go.
  mutations.observe(document.body, { childList: true });
  const sizes = new ResizeObserver(again);
  sizes.observe(document.body);
  const timer = window.setTimeout(stop, WAIT_MS);
  for (const name of DEEDS) window.addEventListener(name, stop, { passive: true });
  function stop() {
    mutations.disconnect();
    sizes.disconnect();
    window.clearTimeout(timer);
    for (const name of DEEDS) window.removeEventListener(name, stop);
  }
  return stop;
}

/**
 * Twice: a dialog that closes gives the focus back by itself a moment later, to where it was when it opened. Not when somebody does
 * something meanwhile: a panel that they opened would lose the focus, and close.
 */
function giveFocus(control: HTMLElement): void {
  control.focus({ preventScroll: true });
  const theirs = new AbortController();
  const { signal } = theirs;
  for (const name of DEEDS) window.addEventListener(name, () => theirs.abort(), { passive: true, signal });
  requestAnimationFrame(() => {
    if (!signal.aborted && !isSomethingAbove()) control.focus({ preventScroll: true });
    theirs.abort();
  });
}

/** Pages that were opened by their address have no key, or all the same one: they are known by the address. */
function entryOf(key = "default"): string {
  return key === "default" ? location.pathname + location.search : key;
}

/** Of the entry of the history that is shown now, which changes before anything is drawn. */
function note(news: Partial<Left>): void {
  const state: unknown = history.state;
  const key = entryOf((state as { key?: string } | null)?.key);
  const before = left.get(key) ?? { y: window.scrollY, focus: null };
  left.delete(key);
  left.set(key, { ...before, ...news });
}

function store(): void {
  try {
    sessionStorage.setItem(STORED, JSON.stringify([...left].slice(-KEPT)));
  } catch {
    // Storage may be forbidden; then a reload begins at the top.
  }
}

function stored(): [string, Left][] {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? "[]") as [string, Left][];
  } catch {
    return [];
  }
}
