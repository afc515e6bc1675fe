import { setupI18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { act, cleanup, render, renderHook, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { OfflineLine } from "@/app/OfflineLine";
import { BACK_FOR_MS, FIRST_TOLD_AFTER_MS, TOLD_AFTER_MS } from "@/realtime/told";
import { useConnection } from "@/realtime/useConnection";

import { messagesIn } from "./words";

/** The socket: whether it stands, and whom to tell. */
const socket = vi.hoisted(() => ({ connected: false, listeners: new Set<() => void>() }));

vi.mock("@/realtime/socket", () => ({
  isConnected: () => socket.connected,
  onConnection: (listener: () => void) => {
    socket.listeners.add(listener);
    return () => socket.listeners.delete(listener);
  },
  onReturn: () => () => undefined,
  onServerEvent: () => () => undefined,
  openSocket: () => () => undefined,
}));

function connect(connected: boolean) {
  act(() => {
    socket.connected = connected;
    for (const listener of socket.listeners) listener();
  });
}

function goOnline(online: boolean) {
  act(() => {
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(online);
    window.dispatchEvent(new Event(online ? "online" : "offline"));
  });
}

const pass = (time: number) => act(() => vi.advanceTimersByTimeAsync(time));

beforeEach(() => {
  vi.useFakeTimers();
  socket.connected = true;
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("whoever is not signed in is told that the device is offline, and that it is back", async () => {
  const i18n = setupI18n({ locale: "en", messages: { en: messagesIn("en") } });
  render(
    <I18nProvider i18n={i18n}>
      <OfflineLine />
    </I18nProvider>,
  );

  goOnline(false);
  await pass(TOLD_AFTER_MS);
  expect(screen.getByRole("status").textContent).toMatch(/^You are offline/);
  goOnline(true);
  await pass(0);
  expect(screen.getByRole("status").textContent).toBe("You are online again.");
  await pass(BACK_FOR_MS);

  expect(screen.getByRole("status").textContent).toBe("");
});

test("a short gap is not told", async () => {
  const { result } = renderHook(useConnection);

  connect(false);
  await pass(TOLD_AFTER_MS - 100);
  connect(true);
  await pass(TOLD_AFTER_MS);

  expect(result.current).toBe("fine");
});

test("a gap is told after a moment, then that it is over, then nothing", async () => {
  const { result } = renderHook(useConnection);

  connect(false);
  await pass(TOLD_AFTER_MS);
  expect(result.current).toBe("reconnecting");
  connect(true);
  await pass(1);
  expect(result.current).toBe("back");
  await pass(BACK_FOR_MS);

  expect(result.current).toBe("fine");
});

test("being offline is told as such, and the way back is one trouble", async () => {
  const { result } = renderHook(useConnection);

  goOnline(false);
  connect(false);
  await pass(TOLD_AFTER_MS);
  expect(result.current).toBe("offline");
  goOnline(true);
  await pass(1);
  expect(result.current).toBe("reconnecting");
  connect(true);
  await pass(1);

  expect(result.current).toBe("back");
});

test("the first connection may take longer", async () => {
  socket.connected = false;
  const { result } = renderHook(useConnection);

  await pass(FIRST_TOLD_AFTER_MS - 100);
  expect(result.current).toBe("fine");
  await pass(100);

  expect(result.current).toBe("reconnecting");
});
