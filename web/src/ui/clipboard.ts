/** Copies text. Plain HTTP has no clipboard interface; there the old command still works. */
export async function copyText(text: string): Promise<boolean> {
  const clipboard = (navigator as Partial<Navigator>).clipboard;
  if (clipboard) {
    return clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement("textarea");
  area.value = text;
  // Inside an open dialog, which would take the focus back from the rest of the page.
  const place = [...document.querySelectorAll("[role=dialog]")].at(-1) ?? document.body;
  place.append(area);
  area.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is nothing else on plain HTTP
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}
