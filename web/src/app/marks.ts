/** How a control is found again on a page that was drawn anew: by its id, else by its kind, its words and where it leads. */

export interface Mark {
  id: string;
  tag: string;
  name: string;
  href: string | null;
  /** Among those that are alike. */
  place: number;
}

export function markOf(control: Element, within: Element): Mark {
  const mark = {
    id: stableId(control),
    tag: control.localName,
    name: nameOf(control),
    href: control.getAttribute("href"),
  };
  return { ...mark, place: alike(mark, within).findIndex((one) => one === control) };
}

export function findMarked(mark: Mark, within: Element): HTMLElement | null {
  return alike(mark, within)[mark.place] ?? null;
}

function alike(mark: Omit<Mark, "place">, within: Element): HTMLElement[] {
  return [...within.querySelectorAll<HTMLElement>(mark.tag)].filter(
    (one) => stableId(one) === mark.id && nameOf(one) === mark.name && one.getAttribute("href") === mark.href,
  );
}

/** React and the primitives make ids of their own, other ones each time. */
function stableId({ id }: Element): string {
  return /[«:_]r/.test(id) || id.startsWith("base-ui-") ? "" : id;
}

function nameOf(control: Element): string {
  return (
    control.getAttribute("aria-label") ??
    control.getAttribute("name") ??
    control.textContent.trim().slice(0, 200)
  );
}
