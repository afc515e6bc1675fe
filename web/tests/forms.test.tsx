import { setupI18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { client } from "@/api/generated/client.gen";
import { AuthForm } from "@/features/account/AuthForm";

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
  vi.unstubAllGlobals();
});

async function fillIn(kind: "sign-in" | "sign-up") {
  const i18n = setupI18n({ locale: "en", messages: { en: messagesIn("en") } });
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={new QueryClient()}>
        <AuthForm kind={kind} />
      </QueryClientProvider>
    </I18nProvider>,
  );
  const person = userEvent.setup();
  if (kind === "sign-up") await person.type(screen.getByLabelText("Name"), "A");
  await person.type(screen.getByLabelText("Email"), " a@example.com");
  await person.type(screen.getByLabelText("Password"), "short");
  await person.click(screen.getByRole("button", { name: kind === "sign-up" ? "Sign up" : "Sign in" }));
}

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

test("what the server says of no field stands below the form", async () => {
  answers.mockReturnValue(problem({ code: "invalid_credentials" }, 401));

  await fillIn("sign-in");

  expect((await screen.findByRole("alert")).textContent).toBe("Email or password is not right.");
  expect(screen.getByLabelText("Password").getAttribute("aria-invalid")).not.toBe("true");
});
