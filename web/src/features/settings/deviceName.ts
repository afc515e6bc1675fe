/** What this device is called until somebody gives it a better name. */
const SYSTEMS: readonly [RegExp, string][] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Mac OS X/, "Mac"],
  [/Windows/, "Windows"],
  [/CrOS/, "Chromebook"],
  [/Linux/, "Linux"],
];

export function deviceName(otherwise: string, agent = navigator.userAgent): string {
  return SYSTEMS.find(([sign]) => sign.test(agent))?.[1] ?? otherwise;
}
