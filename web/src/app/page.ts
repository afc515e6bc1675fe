import { lazy, type ComponentType } from "react";

import { loadWords, type Catalogue } from "@/i18n/catalogues";

import { loadChunk } from "./chunks";

/** A part of the page that is loaded when it is first shown, its words with it; `preload` loads it before. */
export function page<Props extends object>(load: () => Promise<ComponentType<Props>>, ...words: Catalogue[]) {
  const all = async () => {
    const [component] = await loadChunk(() => Promise.all([load(), loadWords(...words)]));
    return { default: component };
  };
  return Object.assign(lazy(all), {
    preload: () => void Promise.all([load(), loadWords(...words)]).catch(() => undefined),
  });
}
