/** @vitest-environment happy-dom */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { beforeEach, expect, test, vi } from "vitest";

import { readSession, signIn } from "@/api/session";
import type { Tokens } from "@/api/types";
import { rereadWhatEventsChange } from "@/app/serverEvents";
import { jobKeys } from "@/entities/job/queries";
import type { ServerEventName } from "@/realtime/events";
import { RESYNC_WITHIN_MS, useRealtime } from "@/realtime/hooks";

/** The server at the other end of the socket: what it says reaches the handlers that the page has put there. */
const server = vi.hoisted(() => ({ handlers: new Map<string, ((payload: unknown) => void)[]>() }));

vi.mock("socket.io-client", () => ({
  io: () => ({
    on: (name: string, handler: (payload: unknown) => void) => {
      server.handlers.set(name, [...(server.handlers.get(name) ?? []), handler]);
    },
    off: (name: string, handler: (payload: unknown) => void) => {
      server.handlers.set(name, server.handlers.get(name)?.filter((known) => known !== handler) ?? []);
    },
    connect: () => undefined,
    disconnect: () => undefined,
  }),
}));

function say(name: ServerEventName, payload: unknown): void {
  for (const handler of server.handlers.get(name) ?? []) handler(payload);
}

beforeEach(() => {
  vi.useFakeTimers();
});

function page() {
  const client = new QueryClient();
  client.setQueryData(jobKeys.jobs, { pages: [], pageParams: [] });
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const { unmount } = renderHook(() => useRealtime(rereadWhatEventsChange), { wrapper });
  return { unmount, isStale: () => client.getQueryState(jobKeys.jobs)?.isInvalidated };
}

test("a page that is told to read again does so within a moment", async () => {
  const { isStale, unmount } = page();

  say("system:resync", {});
  expect(isStale()).toBe(false);
  await vi.advanceTimersByTimeAsync(RESYNC_WITHIN_MS);

  expect(isStale()).toBe(true);
  unmount();
});

test("a page that was left hears nothing any more", async () => {
  const { isStale, unmount } = page();
  unmount();

  say("system:resync", {});
  await vi.advanceTimersByTimeAsync(RESYNC_WITHIN_MS);

  expect(isStale()).toBe(false);
});

test.each([
  ["account_suspended", { code: "account_suspended", reason: "Spam." }, 403, { reason: "Spam." }],
  ["account_leaving", { code: "invalid_token" }, 401, {}],
])(
  "a page that is open learns at once that its account is over: %s",
  async (code, refusal, status, words) => {
    const { unmount } = page();
    const headers = { "Content-Type": "application/problem+json" };
    const refused = () => Promise.resolve(new Response(JSON.stringify(refusal), { status, headers }));
    vi.stubGlobal("fetch", vi.fn().mockImplementation(refused));
    signIn({ access_token: "one", expires_in: 900, user: {} } as Tokens);

    say("auth:expired", { code });
    await vi.advanceTimersByTimeAsync(1);

    const problem: unknown = expect.objectContaining({
      code,
      words: expect.objectContaining(words) as unknown,
    });
    expect(readSession()).toEqual({ status: "signed-out", problem });
    unmount();
  },
);
