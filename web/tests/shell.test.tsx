import { setupI18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Job, User } from "@/api/types";
import { ChunkGone, loadChunk } from "@/app/chunks";
import { findMarked, markOf } from "@/app/marks";
import { pagesBelow } from "@/app/palette/pagesBelow";
import { placesOf } from "@/app/places";
import { withCredits, withJob, type Notice } from "@/features/notices/notices";
import { useTitle } from "@/ui/useTitle";

import { messagesIn } from "./words";

const PERSON = { id: "1", role: "user" } as User;

beforeEach(() => {
  sessionStorage.clear();
  document.title = "";
});

afterEach(() => vi.restoreAllMocks());

test("every place has a title in both languages, an address and keys of its own", () => {
  const places = placesOf(PERSON);

  for (const language of ["en", "ko"] as const) {
    const titles = places.map(({ label }) => messagesIn(language)[label]);
    expect(titles.every(Boolean)).toBe(true);
    expect(new Set(titles).size).toBe(places.length);
  }
  expect(new Set(places.map(({ path }) => path)).size).toBe(places.length);
});

test("the palette goes to pages below a place too, of admins to theirs, in both languages", () => {
  const below = (user: User) => placesOf(user).flatMap(pagesBelow);
  const ofAdmins = below({ ...PERSON, role: "admin" });

  expect(below(PERSON).map(({ path }) => path)).toEqual([
    "/gallery/duplicates",
    "/gallery/tags",
    "/credits/plans",
    "/credits/usage",
  ]);
  expect(ofAdmins.filter(({ path }) => path.startsWith("/admin/"))).toHaveLength(6);
  for (const language of ["en", "ko"] as const) {
    const labels = ofAdmins.map(({ label }) => messagesIn(language)[label]);
    expect(labels.every(Boolean)).toBe(true);
    expect(new Set(labels).size).toBe(ofAdmins.length);
  }
});

test("the window is titled by the page, and by what is open in it as long as it is", () => {
  const wrapper = ({ children }: { children: React.ReactNode }) => (
    <I18nProvider i18n={setupI18n({ locale: "en", messages: { en: {} } })}>{children}</I18nProvider>
  );
  const page = renderHook(({ text }: { text: string }) => useTitle(text), {
    wrapper,
    initialProps: { text: "Gallery" },
  });
  const viewer = renderHook(() => useTitle("a red house", "inside"));
  expect(document.title).toBe("a red house · Pingvas Studio");

  page.rerender({ text: "갤러리" });
  expect(document.title).toBe("a red house · Pingvas Studio");
  viewer.unmount();
  expect(document.title).toBe("갤러리 · Pingvas Studio");
  page.unmount();

  expect(document.title).toBe("Pingvas Studio");
});

test("a part that is gone loads the page anew once, and is told the second time", async () => {
  const gone = () => Promise.reject(new TypeError("Failed to fetch dynamically imported module"));
  const reload = vi.fn();

  void loadChunk(gone, reload);
  await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce());
  await expect(loadChunk(gone, reload)).rejects.toBeInstanceOf(ChunkGone);

  expect(reload).toHaveBeenCalledOnce();
});

test("offline nothing is loaded anew, which would lose the page", async () => {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  const reload = vi.fn();

  await expect(loadChunk(() => Promise.reject(new TypeError("offline")), reload)).rejects.toBeInstanceOf(
    ChunkGone,
  );

  expect(reload).not.toHaveBeenCalled();
});

test("a control is found again by what it is called and where it leads", () => {
  const drawn = `<ul><li><a href="/1">Open</a></li><li><a href="/2">Open</a></li></ul><button id="base-ui-:r3:">More</button><button>More</button>`;
  const page = document.createElement("main");
  page.innerHTML = drawn;
  const marks = [...page.querySelectorAll("a, button")].map((control) => markOf(control, page));

  page.innerHTML = drawn.replace(":r3:", ":r9:");
  const again = [...page.querySelectorAll("a, button")];

  expect(marks.map((mark) => findMarked(mark, page))).toEqual(again);
  page.innerHTML = "";
  expect(marks.map((mark) => findMarked(mark, page))).toEqual([null, null, null, null]);
});

const job = (id: string, batch_id: string, status: Job["status"]) => ({ id, batch_id, status }) as Job;

function countOf(what: Notice["what"]): number {
  if ("jobs" in what) return what.jobs.length;
  return "change" in what ? what.change : what.balance;
}

test("pictures of one batch are told together, failures apart from what succeeded", () => {
  let notices = withJob([], job("1", "a", "completed"), 1);
  notices = withJob(notices, job("2", "b", "completed"), 2);
  notices = withJob(notices, job("3", "a", "failed"), 3);
  notices = withJob(notices, job("4", "a", "completed"), 4);
  notices = withJob(notices, job("4", "a", "completed"), 5);
  notices = withCredits(notices, "grant", 100, 6);

  expect(notices.map(({ what, at }) => [what.kind, countOf(what), at])).toEqual([
    ["credits", 100, 6],
    ["ready", 2, 4],
    ["failed", 1, 3],
    ["ready", 1, 2],
  ]);
});
