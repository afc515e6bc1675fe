import { setupI18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";

import type { Image } from "@/api/types";
import { Parameters } from "@/features/gallery/Parameters";

import { messagesIn } from "./words";

afterEach(cleanup);

const PICTURE: Image = {
  id: "0190a000-0000-7000-8000-000000000001",
  job_id: null,
  width: 256,
  height: 128,
  format: "png",
  file_size: 2048,
  visibility: "private",
  is_favorite: false,
  rating: 0,
  tags: [],
  generation_params: { seed: 1234567, model: "pingvas-mini" },
  thumbnail_url: null,
  thumbnail_large_url: null,
  thumbhash: null,
  file_url: "/files/one.png",
  api_key: null,
  created_at: "2026-11-01T00:00:00Z",
  trashed_at: null,
};

function show(picture: Partial<Image>) {
  const i18n = setupI18n({ locale: "en", messages: { en: messagesIn("en") } });
  render(
    <I18nProvider i18n={i18n}>
      <Parameters image={{ ...PICTURE, ...picture }} />
    </I18nProvider>,
  );
}

test("a picture says how it was made, and its seed is no amount", () => {
  show({});

  expect(screen.getByText("Seed").nextElementSibling?.textContent).toBe("1234567");
  expect(screen.queryByText("API key")).toBeNull();
});

test("one that a program asked for says with which key", () => {
  show({ api_key: { id: "0190a000-0000-7000-8000-000000000002", name: "My script" } });

  expect(screen.getByText("API key").nextElementSibling?.textContent).toBe("My script");
});
