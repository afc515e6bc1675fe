import { createElement, lazy, useState, type ComponentType } from "react";

import { loadWords, type Catalogue } from "@/i18n/catalogues";

import { loadChunk } from "./chunks";

/**
 * A part of the page that is loaded when it is first shown, its words with it; `preload` loads it before, and tells when it is there or
 * did not come. What is there already is drawn at once: whatever React has waited for it holds back for a third of a second.
 */
export function page<Props extends object>(load: () => Promise<ComponentType<Props>>, ...words: Catalogue[]) {
  let there: ComponentType<Props> | undefined;
  const whole = async () => {
    const [component] = await Promise.all([load(), loadWords(...words)]);
    there = component;
    return component;
  };
  const Awaited = lazy(async () => ({ default: await loadChunk(whole) })) as ComponentType<Props>;

  function Page(props: Props) {
    const [shown] = useState(() => there ?? Awaited);
    return createElement(shown, props);
  }
  const preload = () =>
    whole().then(
      () => undefined,
      () => undefined,
    );
  return Object.assign(Page, { preload });
}
