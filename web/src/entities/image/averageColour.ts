/** The average colour that a ThumbHash begins with: https://evanw.github.io/thumbhash/ */

/** As CSS has it. Three numbers of six bits each: how light it is, yellow or blue, red or green. */
export function averageColour(thumbhash: string): string {
  const [low = 0, middle = 0, high = 0] = Array.from(atob(thumbhash), (sign) => sign.charCodeAt(0));
  const bits = low | (middle << 8) | (high << 16);
  const light = (bits & 63) / 63;
  const yellow = ((bits >> 6) & 63) / 31.5 - 1;
  const red = ((bits >> 12) & 63) / 31.5 - 1;
  const b = light - (2 / 3) * yellow;
  const r = (3 * light - b + red) / 2;
  const parts = [r, r - red, b].map((part) => Math.round(255 * Math.min(1, Math.max(0, part))));
  // eslint-disable-next-line no-restricted-syntax -- one of a picture has no name
  return `rgb(${parts.join(" ")})`;
}
