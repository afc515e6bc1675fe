/** How near a picture is looked at: its size by that at which all of it is seen, and how far its middle is off, in pixels of the page. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export interface Sizes {
  /** The room that it is seen in. */
  room: { width: number; height: number };
  /** The picture where all of it is seen. */
  picture: { width: number; height: number };
}

export interface Point {
  x: number;
  y: number;
}

export const FIT: View = { scale: 1, x: 0, y: 0 };

const CLOSEST = 16;
export const STEP = 1.35;

/** Nearer or farther, so that what lies under `at` stays there; `at` is measured from the middle of the room. */
export function zoomed(view: View, factor: number, at: Point, sizes: Sizes): View {
  const scale = Math.min(CLOSEST, Math.max(1, view.scale * factor));
  const by = scale / view.scale;
  return within({ scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by }, sizes);
}

export function panned(view: View, by: Point, sizes: Sizes): View {
  return within({ ...view, x: view.x + by.x, y: view.y + by.y }, sizes);
}

/** Between all of it and one pixel of it for each of the page. */
export function switched(view: View, actualWidth: number, at: Point, sizes: Sizes): View {
  if (view.scale > 1) return FIT;
  const actual = actualWidth / Math.max(1, sizes.picture.width);
  // One that is shown as it is, or larger, is looked at closer nevertheless.
  return zoomed(FIT, actual > 1.05 ? actual : 2, at, sizes);
}

/** Its edges do not come into the room as long as it is larger than that. */
function within({ scale, x, y }: View, { room, picture }: Sizes): View {
  const most = (size: number, inside: number) => Math.max(0, (size * scale - inside) / 2);
  const [right, down] = [most(picture.width, room.width), most(picture.height, room.height)];
  const held = (value: number, bound: number) => Math.min(bound, Math.max(-bound, value)) || 0;
  return { scale, x: held(x, right), y: held(y, down) };
}
