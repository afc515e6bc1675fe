import type { Image } from "@/api/types";

const MOST = 20;

/** The tags that these pictures have most, and the chosen one in any case. The studio tells nobody how often all people use a tag. */
export function commonTags(images: readonly Pick<Image, "tags">[], chosen: string | null): string[] {
  const uses = new Map<string, number>();
  for (const tag of images.flatMap(({ tags }) => tags)) uses.set(tag, (uses.get(tag) ?? 0) + 1);
  const common = [...uses].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
  const names = common.map(([name]) => name).filter((name) => name !== chosen);
  return chosen === null ? names.slice(0, MOST) : [chosen, ...names.slice(0, MOST - 1)];
}
