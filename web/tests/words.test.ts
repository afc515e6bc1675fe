import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { i18n } from "@lingui/core";
import { describe, expect, test } from "vitest";

import { loadWords, setLanguage, type Catalogue } from "@/i18n/catalogues";
import { marked, withParticles } from "@/i18n/particles";

import { translatorIn } from "./words";

describe("translating", () => {
  const { t, find, signed, duration, bytes } = translatorIn("en");
  const korean = translatorIn("ko");

  test("fills the blanks, and writes numbers as the language does", () => {
    expect(t("job.step", { step: 3, total: 1200 })).toBe("Step 3 of 1,200");
    expect(t("queue.fact_cfg", { cfg: 4.125 })).toBe("guidance 4.13");
  });

  test("tells one from many", () => {
    expect(t("create.submit", { n: 1 })).toBe("Create picture");
    expect(t("create.submit", { n: 4 })).toBe("Create 4 pictures");
    expect(korean.t("create.submit", { n: 1 })).toBe("그림 만들기");
    expect(korean.t("create.submit", { n: 1200 })).toBe("그림 1,200장 만들기");
  });

  test("has nothing to say for a key it does not know", () => {
    expect(find("problem.no_such_code")).toBeUndefined();
    expect(find("toString")).toBeUndefined();
  });

  test("writes signs, times and sizes", () => {
    expect(signed(5)).toBe("+5");
    expect(duration(0.2)).toBe("1 s");
    expect(duration(200)).toBe("4 min");
  });

  test.each([
    [0, "0 bytes", "0바이트"],
    [1, "1 byte", "1바이트"],
    [1_000, "1,000 bytes", "1,000바이트"],
    [1_024, "1 kB", "1kB"],
    [1_048_100, "1 MB", "1MB"],
    [1_610_612_736, "1.5 GB", "1.5GB"],
  ])("writes a size of %d", (size, english, inKorean) => {
    expect(bytes(size)).toBe(english);
    expect(korean.bytes(size)).toBe(inKorean);
  });
});

describe("Korean particles", () => {
  test.each([
    ["집", "을(를)", "집을"],
    ["바다", "을(를)", "바다를"],
    ["house", "이(가)", "house가"],
    ["Neon", "이(가)", "Neon이"],
    ["2", "(으)로", "2로"],
    ["3", "(으)로", "3으로"],
    ["8", "(으)로", "8로"],
    ["물", "(으)로", "물로"],
    ["“바람”", "은(는)", "“바람”은"],
  ])("after %s: %s", (word, pair, said) => {
    expect(withParticles(`${marked(word)}${pair}`)).toBe(said);
  });

  test("are left alone in what a person wrote", () => {
    expect(withParticles(`“${marked("집을(를) 그린 그림")}” 그림`)).toBe("“집을(를) 그린 그림” 그림");
  });

  test("are right in the words of the page", () => {
    expect(translatorIn("ko").t("picture.enlarging", { scale: "3" })).toContain("×3으로");
  });
});

describe("the catalogues of the page", () => {
  const held: (() => void)[] = [];
  const letGo = async () => {
    for (const resolve of held.splice(0)) resolve();
    await new Promise((resolve) => setTimeout(resolve));
  };
  /** A catalogue whose files come when they are let go. */
  function catalogue(name: string): Catalogue {
    const file = (language: string) => async () => {
      await new Promise<void>((resolve) => held.push(resolve));
      return { messages: { [name]: `${name} in ${language}` } };
    };
    return { en: file("en"), ko: file("ko") };
  }
  const said = (name: string) => i18n._(name as never);

  test("follow the language, those too that come in while it changes", async () => {
    const first = catalogue("first");
    const second = catalogue("second");

    const english = setLanguage("en", first);
    await letGo();
    await english;
    const korean = setLanguage("ko");
    const page = loadWords(second);
    await letGo();
    await letGo();
    await Promise.all([korean, page]);

    expect([i18n.locale, said("first"), said("second")]).toEqual(["ko", "first in ko", "second in ko"]);
    expect(document.documentElement.lang).toBe("ko");
  });

  test("show the language chosen last, whichever comes last", async () => {
    const slow = catalogue("slow");

    const korean = setLanguage("ko", slow);
    const english = setLanguage("en");
    await letGo();
    await Promise.all([korean, english]);

    expect(i18n.locale).toBe("en");
  });
});

test("every field that the audit log names has words", () => {
  const server = join(import.meta.dirname, "../../pingvas");
  const sources = readdirSync(server, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".py"))
    .map((name) => readFileSync(join(server, name), "utf8"))
    .filter((source) => /\brecord\(/.test(source) && source.includes("Doer"));
  const named = sources.flatMap((source) =>
    [...source.matchAll(/\b(?:before|after)\s*=\s*\{([^{}]*)\}/g)].flatMap(([, inside = ""]) =>
      [...inside.matchAll(/"(\w+)":/g)].map(([, name = ""]) => name),
    ),
  );

  expect(named).toContain("max_uses");
  for (const language of ["en", "ko"] as const) {
    const { find } = translatorIn(language);
    expect(named.filter((name) => find(`admin.field.${name}`) === undefined)).toEqual([]);
  }
});
