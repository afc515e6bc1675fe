/** @vitest-environment node */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { tmpdir } from "node:os";

import { createClient } from "@hey-api/openapi-ts";
import { expect, test } from "vitest";

import jobs from "../openapi-ts.config";

const web = resolve(import.meta.dirname, "..");

/** Every file below a folder, by its path; where the folder lies shows in one import, which is left out. */
function filesIn(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    entries
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [
        path.slice(folder.length),
        readFileSync(path, "utf8").replace(/'[./]+\/(?:[^'/]+\/)*client';/, ""),
      ]),
  );
}

test("what is generated is fresh; otherwise: npm run generate", { timeout: 120_000 }, async () => {
  const place = mkdtempSync(join(tmpdir(), "generated-"));
  try {
    for (const [index, job] of jobs.entries()) {
      const made = join(place, String(index));
      await createClient({
        ...job,
        output: { ...job.output, path: made },
        logs: { level: "silent", file: false },
      });

      expect(filesIn(made), job.output.path).toEqual(filesIn(resolve(web, job.output.path)));
    }
  } finally {
    rmSync(place, { recursive: true });
  }
});
