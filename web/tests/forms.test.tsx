import { setupI18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { client } from "@/api/generated/client.gen";
import { readSession, signOut } from "@/api/session";
import { useSession } from "@/entities/user/useSession";
import { AuthForm } from "@/features/account/AuthForm";
import { useWelcome } from "@/features/account/welcome";
import type { Language } from "@/i18n/language";
import { translator } from "@/i18n/translate";
import { Toaster } from "@/ui/Toaster";

import { messagesIn } from "./words";

const answers = vi.fn<(body: unknown) => Response>();
const problem = (body: object, status: number) => new Response(JSON.stringify(body), { status });

beforeEach(() => {
  client.setConfig({ baseUrl: "http://studio" });
  vi.stubGlobal(
    "fetch",
    vi.fn(async (request: Request) => answers(await request.json())),
  );
});

afterEach(() => {
  cleanup();
  signOut();
  vi.unstubAllGlobals();
});

/** What is there once somebody is in. */
function Studio() {
  return useSession().status === "signed-in" && <Frame />;
}

function Frame() {
  useWelcome();
  return <Toaster />;
}

async function fillIn(kind: "sign-in" | "sign-up", language: Language = "en") {
  const i18n = setupI18n({ locale: language, messages: { [language]: messagesIn(language) } });
  const words = translator(i18n);
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={new QueryClient()}>
        <AuthForm kind={kind} />
        <Studio />
      </QueryClientProvider>
    </I18nProvider>,
  );
  const person = userEvent.setup();
  if (kind === "sign-up") await person.type(screen.getByLabelText(words.t("auth.display_name")), "A");
  await person.type(screen.getByLabelText(words.t("auth.email")), " a@example.com");
  await person.type(screen.getByLabelText(words.t("auth.password")), "short");
  await person.click(screen.getByRole("button", { name: words.t(`auth.${kind}`) }));
}

const SIGNED_UP = {
  access_token: "one",
  refresh_token: null,
  token_type: "bearer",
  expires_in: 900,
  user: {
    id: "0190a000-0000-7000-8000-000000000001",
    email: "a@example.com",
    display_name: "A",
    role: "user",
    status: "active",
    created_at: "2026-01-01T00:00:00Z",
  },
};
const made = (body: object) =>
  new Response(JSON.stringify(body), { status: 201, headers: { "Content-Type": "application/json" } });

test("what is entered is sent", async () => {
  answers.mockReturnValue(problem({ code: "invalid_credentials" }, 401));

  await fillIn("sign-in");

  expect(answers).toHaveBeenCalledWith({ email: "a@example.com", password: "short" });
});

test("what the server says of a field stands beside that field", async () => {
  answers.mockReturnValue(
    problem({ code: "validation_error", errors: [{ loc: ["body", "password"], msg: "Too short." }] }, 422),
  );

  await fillIn("sign-up");

  expect((await screen.findByRole("alert")).textContent).toBe("Too short.");
  expect(screen.getByLabelText("Password").getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByLabelText("Email").getAttribute("aria-invalid")).not.toBe("true");
});

test.each([
  [{ field: "email", code: "not_an_email" }, "이메일 주소가 아닙니다."],
  [
    { field: "display_name", code: "unseen_characters" },
    "눈에 보이지 않는 문자가 들어 있습니다. 붙여 넣지 말고 직접 입력하세요.",
  ],
  [{ field: "display_name", code: null }, "이 입력은 올바르지 않습니다."],
  [{ field: "password", code: null }, "이 입력은 올바르지 않습니다."],
])("a Korean page says what is wrong with %o in Korean", async ({ field, code }, said) => {
  const errors = [{ loc: ["body", field], msg: "has U+202E RIGHT-TO-LEFT OVERRIDE", code }];
  answers.mockReturnValue(problem({ code: "validation_error", errors }, 422));

  await fillIn("sign-up", "ko");

  expect((await screen.findByRole("alert")).textContent).toBe(said);
});

test("what the server says of no field stands below the form", async () => {
  answers.mockReturnValue(problem({ code: "invalid_credentials" }, 401));

  await fillIn("sign-in");

  expect((await screen.findByRole("alert")).textContent).toBe("Email or password is not right.");
  expect(screen.getByLabelText("Password").getAttribute("aria-invalid")).not.toBe("true");
});

test("an account that starts without the bonus is told so", async () => {
  answers.mockReturnValue(made({ ...SIGNED_UP, bonus_credits: 0, bonus_withheld: true }));

  await fillIn("sign-up");

  expect(await screen.findByText(/without the sign-up credits/)).toBeTruthy();
});

test("an account that starts as others do is told nothing", async () => {
  answers.mockReturnValue(made({ ...SIGNED_UP, bonus_credits: 500, bonus_withheld: false }));

  await fillIn("sign-up");

  await vi.waitFor(() => expect(readSession().status).toBe("signed-in"));
  expect(screen.queryByText(/without the sign-up credits/)).toBeNull();
});
