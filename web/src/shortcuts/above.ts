/** Dialogs, menus of their own and panels; notices lie beside the page, not above it. */
const ABOVE = "[role=dialog]:not([aria-modal=false]), [role=alertdialog]:not([aria-modal=false])";

/** Whether something lies above the page, which has the keyboard and the focus to itself. */
export function isSomethingAbove(): boolean {
  return document.querySelector(ABOVE) !== null;
}
