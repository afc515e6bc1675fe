/** What uploads may be, by their types. */
const PICTURE_TYPES = ["image/png", "image/jpeg", "image/webp", "image/avif", "image/heic", "image/heif"];
/** Not every system knows what a phone's file is, so those go by their names too. */
const NAMES = [".heic", ".heif", ".avif"];
/** The same as a file input wants it. */
export const PICTURE_ACCEPT = [...PICTURE_TYPES, ...NAMES].join();

/** Whether a file says that it is something else. One that says nothing may still be a picture; the server looks inside. */
export function isNoPicture({ type }: File): boolean {
  return type !== "" && !PICTURE_TYPES.includes(type);
}

/** Whether a file looks as a picture does, by its type or its name: of a folder nothing else is meant. */
export function looksAsPicture({ type, name }: File): boolean {
  return PICTURE_TYPES.includes(type) || NAMES.some((ending) => name.toLowerCase().endsWith(ending));
}
