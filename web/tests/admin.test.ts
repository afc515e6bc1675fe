import { expect, test } from "vitest";

import { joinPages } from "@/api/csv";
import type { Announcement, PersonDetails } from "@/api/types";
import { placeAt, placesOf } from "@/app/places";
import { loadPutAway, savePutAway } from "@/entities/studio/putAway";
import { changesOf } from "@/features/admin/changes";
import { minuteToIso, startOfDay } from "@/features/admin/days";
import { DEEDS } from "@/features/admin/deeds";
import { standingOf } from "@/features/admin/standing";

import { translatorIn } from "./words";

const person = (facts: Partial<PersonDetails>) =>
  ({
    role: "user",
    status: "active",
    devices: 0,
    api_keys: 0,
    second_factor: false,
    ...facts,
  }) as PersonDetails;
const offeredTo = (facts: Partial<PersonDetails>) =>
  DEEDS.filter((deed) => deed.offered(person(facts))).map(({ name }) => name);

test("the pages of admins are places of admins alone", () => {
  const user = (role: "user" | "admin") => ({ id: "1", role }) as Parameters<typeof placesOf>[0];

  expect(placesOf(user("admin")).map(({ path }) => path)).toContain("/admin");
  expect(placesOf(user("user")).map(({ path }) => path)).not.toContain("/admin");
  expect(placeAt("/admin/users/1")?.path).toBe("/admin");
  expect(placeAt("/administration")).toBeUndefined();
  expect(placeAt("/explore/1")).toBeUndefined();
});

test("what can be done to somebody depends on how they stand", () => {
  expect(offeredTo({})).toEqual(["give_credits", "make_admin", "suspend"]);
  expect(offeredTo({ status: "suspended" })).toEqual(["give_credits", "restore"]);
  expect(offeredTo({ role: "admin" })).toEqual(["give_credits", "make_user", "suspend"]);
  expect(offeredTo({ status: "deleted" })).toEqual([]);
  expect(offeredTo({ devices: 2, api_keys: 1, second_factor: true })).toEqual(
    expect.arrayContaining(["end_sessions", "revoke_keys", "remove_second_factor"]),
  );
});

test("what a deed changed is told in the words of the page", () => {
  const role = { before: { role: "user" }, after: { role: "admin" } };
  const credits = { before: { balance: 1200 }, after: { balance: 1300, given: 100 } };

  expect(changesOf(role, translatorIn("en"))).toEqual([{ field: "Role", before: "User", after: "Admin" }]);
  expect(changesOf(role, translatorIn("ko"))).toEqual([{ field: "역할", before: "사용자", after: "관리자" }]);
  expect(changesOf(credits, translatorIn("en"))).toEqual([
    { field: "Balance", before: "1,200", after: "1,300" },
    { field: "Given", before: null, after: "100" },
  ]);
});

test("a change of which the page has no words is told as the server writes it", () => {
  const entry = { before: null, after: { scopes: ["read"], note: "x" } };

  expect(changesOf(entry, translatorIn("en"))).toEqual([
    { field: "scopes", before: null, after: '["read"]' },
    { field: "note", before: null, after: "x" },
  ]);
});

test("the exported log names its columns once, however many pages it has", async () => {
  const pages = new Map<string | undefined, { text: string; next: string | null }>([
    [undefined, { text: "when,what\r\n1,a\r\n", next: "second" }],
    ["second", { text: "when,what\r\n2,b\r\n", next: "third" }],
    ["third", { text: 'when,what\r\n3,"c\r\nd"\r\n', next: null }],
  ]);

  const joined = await joinPages((cursor) => Promise.resolve(pages.get(cursor) ?? { text: "", next: null }));

  expect(joined).toBe('when,what\r\n1,a\r\n2,b\r\n3,"c\r\nd"\r\n');
});

test("a day begins at midnight where the person is", () => {
  expect(startOfDay("2026-03-01")).toBe(new Date(2026, 2, 1).toISOString());
  expect(startOfDay("2026-12-31", 1)).toBe(new Date(2027, 0, 1).toISOString());
  expect(startOfDay("")).toBeUndefined();
  expect(startOfDay("yesterday")).toBeUndefined();
  expect(minuteToIso("2026-03-01T09:30")).toBe(new Date(2026, 2, 1, 9, 30).toISOString());
  expect(minuteToIso("")).toBeNull();
});

test("an announcement is coming, shown or over", () => {
  const from = (starts_at: string, ends_at: string | null) => ({ starts_at, ends_at }) as Announcement;
  const now = Date.parse("2026-03-01T12:00:00Z");

  expect(standingOf(from("2026-03-02T00:00:00Z", null), now)).toBe("coming");
  expect(standingOf(from("2026-03-01T00:00:00Z", null), now)).toBe("now");
  expect(standingOf(from("2026-03-01T00:00:00Z", "2026-03-01T12:00:00Z"), now)).toBe("past");
});

test("what was put away is remembered, and a broken memory is none", () => {
  savePutAway(["a"]);
  expect(loadPutAway()).toEqual(["a"]);

  localStorage.setItem("pingvas.announcements.put_away", "{");
  expect(loadPutAway()).toEqual([]);
  localStorage.setItem("pingvas.announcements.put_away", '["a", 1]');
  expect(loadPutAway()).toEqual(["a"]);
});
