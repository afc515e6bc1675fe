import { lazy, type ComponentType, type LazyExoticComponent } from "react";

import { loadWords, type Catalogue } from "@/i18n/catalogues";

/** A page that is loaded when it is first shown, its words with it. */
export function page<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  ...words: Catalogue[]
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => {
    const [component] = await Promise.all([load(), loadWords(...words)]);
    return { default: component };
  });
}
