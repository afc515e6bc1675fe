/** A studio that answers as it is told, and pages shown before it. */
import { setupI18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter } from "react-router";
import { vi } from "vitest";

import { signIn } from "@/api/session";
import type { Language } from "@/i18n/language";

import { messagesIn } from "./words";

type Answer = unknown;
interface Call {
  method: string;
  path: string;
  body: unknown;
}

export const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

/** A studio: what it answers to which call, and what it was asked. */
export function studio(answers: Record<string, Answer>): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const path = new URL(request.url).pathname.replace("/api/v1", "");
    const text = await request.text();
    calls.push({ method: request.method, path, body: text === "" ? null : (JSON.parse(text) as unknown) });
    const answer = answers[`${request.method} ${path}`];
    if (answer === undefined) return json({ code: "not_found", detail: path }, 404);
    const body: unknown = typeof answer === "function" ? (answer as () => unknown)() : answer;
    return body instanceof Response ? body : json(body);
  });
  return calls;
}

export function show(page: ReactNode, address = "/", language: Language = "en") {
  const i18n = setupI18n({ locale: language, messages: { [language]: messagesIn(language) } });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <MemoryRouter initialEntries={[address]}>{page}</MemoryRouter>
      </QueryClientProvider>
    </I18nProvider>,
  );
}

export function signInHere(): void {
  const user = { id: "1", role: "user", status: "active" };
  signIn({
    access_token: "token",
    refresh_token: null,
    token_type: "bearer",
    expires_in: 900,
    user,
  } as never);
}
