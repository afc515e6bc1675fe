import { createElement, use, type ComponentType, type FunctionComponent } from "react";

import { loadWords, type Catalogue } from "@/i18n/catalogues";

import { loadChunk } from "./chunks";

interface Part<Props> extends FunctionComponent<Props> {
  /** Loads it before it is shown; that it failed is told when it is shown. */
  preload: () => void;
}

/** A part of the page that is loaded when it is first shown, its words with it. What is there already is shown without waiting. */
export function page<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  ...words: Catalogue[]
): Part<Props> {
  let ready: ComponentType<Props> | null = null;
  let waiting: Promise<ComponentType<Props>> | null = null;
  const all = async () => {
    const [component] = await Promise.all([load(), loadWords(...words)]);
    return (ready = component);
  };
  function Part(props: Props) {
    return createElement(ready ?? use((waiting ??= loadChunk(all))), props);
  }
  return Object.assign(Part, { preload: () => void all().catch(() => undefined) });
}
