import { makeArchive } from "@/api/generated";
import type { MakeArchiveData } from "@/api/generated";

/** Has many pictures packed and lets the browser save them: it shows how far it is, and goes on after a cut. */
export async function downloadArchive(body: MakeArchiveData["body"]): Promise<void> {
  const { url } = await makeArchive({ body });
  const link = document.createElement("a");
  link.href = url;
  // The server names the file; without this a browser that shows zips would leave the page.
  link.download = "";
  link.click();
}
