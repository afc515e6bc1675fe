/** Has the browser save a file under a name; without one, under the name that the server gives it. */
export function saveFile({ href, name }: { href: string; name: string }): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  link.click();
}
