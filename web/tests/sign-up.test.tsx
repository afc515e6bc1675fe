/** @vitest-environment happy-dom */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { readSession, signOut } from "@/api/session";
import { AuthForm } from "@/features/account/AuthForm";
import { setLanguage } from "@/i18n/store";
import { dismiss, readToasts } from "@/ui/toasts";

const USER = {
  id: "0190a000-0000-7000-8000-000000000001",
  email: "a@example.com",
  display_name: "A",
  role: "user",
  status: "active",
  created_at: "2026-01-01T00:00:00Z",
};

beforeEach(async () => {
  await setLanguage("en");
  for (const { id } of readToasts()) dismiss(id);
});
afterEach(() => {
  signOut();
  cleanup();
  vi.unstubAllGlobals();
});

async function signUp(bonus: { bonus_credits: number; bonus_withheld: boolean }) {
  const told = {
    access_token: "one",
    refresh_token: null,
    token_type: "bearer",
    expires_in: 900,
    user: USER,
  };
  const answered = new Response(JSON.stringify({ ...told, ...bonus }), {
    status: 201,
    headers: { "Content-Type": "application/json" },
  });
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(answered));
  render(
    <QueryClientProvider client={new QueryClient()}>
      <AuthForm kind="sign-up" />
    </QueryClientProvider>,
  );
  fireEvent.submit(screen.getByRole("form"));
  await waitFor(() => expect(readSession().status).toBe("signed-in"));
}

test("an account that starts without the bonus is told so", async () => {
  await signUp({ bonus_credits: 0, bonus_withheld: true });

  expect(readToasts().map(({ text }) => text)).toEqual([
    expect.stringContaining("without the sign-up credits"),
  ]);
});

test("an account that starts as others do is told nothing", async () => {
  await signUp({ bonus_credits: 0, bonus_withheld: false });

  expect(readToasts()).toEqual([]);
});
