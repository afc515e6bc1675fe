import { makeArchive } from "@/api/generated";
import type { MakeArchiveData } from "@/api/generated";

import { saveFile } from "./saveFile";

/** As many as the server packs: of those that are named, and of all that match. */
export const MOST_NAMED = 1000;
export const MOST_PACKED = 10_000;

/** Has many pictures packed and lets the browser save them: it shows how far it is, and goes on after a cut. */
export async function downloadArchive(body: MakeArchiveData["body"]): Promise<void> {
  const { url } = await makeArchive({ body });
  // The server names the file; without this a browser that shows zips would leave the page.
  saveFile({ href: url, name: "" });
}
