/**
 * The whole Korean font. Which subset has which signs is a long list, and nothing waits for it: words are drawn without it at first.
 * The words of the ways in have their signs in the first fonts (`bundle/firstFonts.ts`); there the list waits for what somebody writes,
 * and for what the studio answers to it.
 */
import { onSessionChange, readSession } from "@/api/session";

const load = () => void import("@fontsource-variable/noto-sans-kr/wght.css");

export function drawAnyHangul(now: boolean): void {
  if (now) {
    load();
    return;
  }
  window.addEventListener("input", load, { once: true });
  onSessionChange(() => {
    if (readSession().status !== "signed-out") load();
  });
}
