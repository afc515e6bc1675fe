import { describe, expect, test } from "vitest";

import en from "@/i18n/en.json";
import ko from "@/i18n/ko.json";
import { translator } from "@/i18n/translate";

const sources: Record<string, string> = import.meta.glob("../src/**/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});

describe("the locale files", () => {
  test("have the same keys in both languages, in the same order", () => {
    expect(Object.keys(ko)).toEqual(Object.keys(en));
  });

  test("leave the same blanks in both languages", () => {
    const blanks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      // A form for exactly one may spell the number out or leave it away.
      if (key.endsWith(".one")) continue;
      expect(blanks(ko[key]), key).toEqual(blanks(en[key]));
    }
  });

  test("hold no key that no code asks for", () => {
    const code = Object.values(sources).join("\n");
    // Keys made at run time: everything under these is reached by a code the server sends.
    const open = [
      "problem.",
      "upload_error.",
      "job_error.",
      "receipt.",
      "sampler.",
      "param.",
      "queue.step.",
      "queue.waiting_for.",
    ];
    open.push("billing.type.", "gallery.visibility.", "auth.sign-");
    const unused = Object.keys(en).filter((key) => {
      const base = key.replace(/\.(one|other)$/, "");
      return !open.some((prefix) => key.startsWith(prefix)) && !code.includes(`"${base}"`);
    });
    expect(unused).toEqual([]);
  });
});

describe("translating", () => {
  const { t, count, find, signed, duration, bytes } = translator("en", en);

  test("fills the blanks, and writes numbers as the language does", () => {
    expect(t("queue.step", { step: 3, total: 1200 })).toBe("Step 3 of 1,200");
  });

  test("tells one from many", () => {
    expect(count("create.submit", 1)).toBe("Create picture");
    expect(count("create.submit", 4)).toBe("Create 4 pictures");
    expect(translator("ko", ko).count("create.submit", 1)).toBe("그림 만들기");
  });

  test("has nothing to say for a key it does not know", () => {
    expect(find("problem.no_such_code")).toBeUndefined();
  });

  test("writes signs, times and sizes", () => {
    expect(signed(5)).toBe("+5");
    expect(duration(0.2)).toBe("1 s");
    expect(duration(200)).toBe("4 min");
    expect(bytes(1_073_741_824)).toBe("1 GB");
  });
});
