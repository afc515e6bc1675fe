/** @vitest-environment happy-dom */
import { describe, expect, test } from "vitest";

import { Problem } from "@/api/problem";
import type { Checkpoint } from "@/api/types";
import { mergePatch } from "@/entities/user/mergePatch";
import { passwordText } from "@/entities/user/passwordText";
import { decode, encode } from "@/entities/user/webauthn";
import { EMPTY_DRAFT, filled, modelOf, requestOf } from "@/features/create/draft";
import { curlOf } from "@/features/settings/curl";
import { changedDefaults, entriesOfDefaults, outside } from "@/features/settings/defaultEntries";
import { deviceName } from "@/features/settings/deviceName";
import { boundsOf, entriesOf, isAmount } from "@/features/settings/keyEntries";

import { translatorIn } from "./words";

describe("a change of preferences", () => {
  test("leaves what it does not name as it is, at every depth", () => {
    const before = { theme: "dark", defaults: { steps: 20, width: 512 } };

    expect(mergePatch(before, { defaults: { steps: 30 } })).toEqual({
      theme: "dark",
      defaults: { steps: 30, width: 512 },
    });
  });

  test("takes away what is null", () => {
    expect(
      mergePatch<{ theme?: string; language?: string }>({ theme: "dark", language: "ko" }, { theme: null }),
    ).toEqual({
      language: "ko",
    });
  });

  test("of the form's defaults names only the fields that were touched", () => {
    const before = entriesOfDefaults({ steps: 20, model: "mini" });

    expect(changedDefaults(before, { ...before, steps: "30" })).toEqual({ steps: 30 });
    expect(changedDefaults(before, { ...before, model: "", count: "2" })).toEqual({ model: null, count: 2 });
  });

  test("is told to be wrong where a number is none, or lies outside", () => {
    expect(outside("steps", "")).toBeNull();
    expect(outside("cfg_scale", "7.5")).toBeNull();
    expect(outside("steps", "7.5")).toEqual({ min: 1, max: 1000 });
    expect(outside("count", "many")).toEqual({ min: 1, max: 16 });
  });
});

describe("what a person likes", () => {
  const model = {
    name: "mini",
    available: true,
    defaults: { width: 256, height: 256, steps: 20, cfg_scale: 5, sampler: "euler" },
    limits: {
      min_size: 64,
      max_size: 512,
      multiple: 8,
      max_pixels: 262_144,
      max_steps: 50,
      samplers: ["euler", "heun"],
    },
  } as unknown as Checkpoint;

  test("takes the place of the model's own where the model can do it", () => {
    const form = filled(EMPTY_DRAFT, model, { width: 384, height: 256, steps: 30, sampler: "heun" });

    expect(form).toMatchObject({ width: 384, height: 256, steps: 30, sampler: "heun", cfg_scale: 5 });
  });

  test("is left out where the model cannot, and where the form says otherwise", () => {
    const form = filled({ ...EMPTY_DRAFT, steps: 8 }, model, {
      width: 4096,
      height: 4096,
      steps: 30,
      sampler: "other",
    });

    expect(form).toMatchObject({ width: 256, height: 256, steps: 8, sampler: "euler" });
  });

  test("names the model, the format and who sees the picture", () => {
    const other = { ...model, name: "other" };

    expect(modelOf(EMPTY_DRAFT, [model, other], { model: "other" })).toBe(other);
    expect(requestOf(filled(EMPTY_DRAFT, model), { format: "webp", visibility: "unlisted" })).toMatchObject({
      format: "webp",
      visibility: "unlisted",
    });
  });
});

describe("the form of a key", () => {
  test("asks for no bounds where nothing was typed", () => {
    const bounds = boundsOf({ ...entriesOf(null), name: " cron ", lifetime: "" }, 0);

    expect(bounds).toEqual({
      name: "cron",
      daily_cap: null,
      total_cap: null,
      requests_per_minute: null,
      models: null,
      addresses: null,
      expires_at: null,
    });
  });

  test("reads days, amounts and addresses as they are typed", () => {
    const entries = {
      ...entriesOf(null),
      lifetime: "30",
      daily_cap: "50",
      addresses: "192.0.2.1\n198.51.100.0/24, ::1",
    } as const;

    expect(boundsOf(entries, 0)).toMatchObject({
      expires_at: "1970-01-31T00:00:00.000Z",
      daily_cap: 50,
      addresses: ["192.0.2.1", "198.51.100.0/24", "::1"],
    });
  });

  test("says nothing of the end of a key that is to stay as it is", () => {
    expect(boundsOf({ ...entriesOf(null), lifetime: "keep" }, 0)).not.toHaveProperty("expires_at");
  });

  test("knows an amount from what is none", () => {
    expect(["", "0", "12"].map((typed) => isAmount(typed, 0))).toEqual([true, true, true]);
    expect(["-1", "1.5", "many", "9999999999"].map((typed) => isAmount(typed, 0))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(isAmount("0", 1)).toBe(false);
  });

  test("ends in a call that the key may make", () => {
    expect(curlOf({ key: "pgv_x", scopes: ["read"] }, "https://a.example")).toContain("/api/v1/me");
    expect(curlOf({ key: "pgv_x", scopes: ["generate"] }, "https://a.example")).toContain("/api/v1/jobs");
  });
});

describe("passkeys", () => {
  test("are written and read as base64url", () => {
    const bytes = Uint8Array.from([0, 250, 255, 62, 63]);

    expect(encode(bytes.buffer)).toBe("APr_Pj8");
    expect(decode("APr_Pj8")).toEqual(bytes);
  });

  test("are named for the device at first", () => {
    expect(deviceName("Passkey", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)")).toBe("iPhone");
    expect(deviceName("Passkey", "Mozilla/5.0 (X11; Linux x86_64)")).toBe("Linux");
    expect(deviceName("Passkey", "something")).toBe("Passkey");
  });
});

test("why a password is not taken is said in the person's language", () => {
  const refused = (message: string) =>
    passwordText(
      translatorIn("ko"),
      new Problem({
        code: "validation_error",
        status: 422,
        errors: [{ field: "password", message, code: null }],
      }),
    );

  expect(refused("needs at least 15 characters")).toMatch(/15자/);
  expect(refused("is one of the first that anybody would try")).toMatch(/추측/);
  expect(
    passwordText(translatorIn("en"), new Problem({ code: "rate_limited", status: 429 })),
  ).toBeUndefined();
});
