import { useEffect, useRef, useState } from "react";

/** Takes a picture that is pasted, or dropped anywhere on the page. True while one is held above it. */
export function useIncomingPicture(take: (file: File) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });

  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const file = pastedPicture(event);
      if (!file) return;
      event.preventDefault();
      latest.current(file);
    };
    const onDragOver = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      // Or the browser would leave the page for the file.
      event.preventDefault();
      setOver(true);
    };
    const onDragLeave = (event: DragEvent) => {
      // Between two elements of the page it is still above the page.
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      setOver(false);
      if (!event.dataTransfer?.types.includes("Files")) return;
      const [file, ...others] = event.dataTransfer.files;
      // Several, or a folder of them, are no picture to start from.
      if (!file || others.length > 0 || isFolder(event.dataTransfer.items[0])) return;
      event.preventDefault();
      latest.current(file);
    };
    document.addEventListener("paste", onPaste);
    document.addEventListener("dragover", onDragOver);
    document.addEventListener("dragleave", onDragLeave);
    document.addEventListener("drop", onDrop);
    return () => {
      document.removeEventListener("paste", onPaste);
      document.removeEventListener("dragover", onDragOver);
      document.removeEventListener("dragleave", onDragLeave);
      document.removeEventListener("drop", onDrop);
    };
  }, []);
  return over;
}

/** Where words were copied with a picture of them, as offices do, somebody who writes wants the words. */
function pastedPicture({ clipboardData, target }: ClipboardEvent): File | null {
  if (!clipboardData) return null;
  const writes = target instanceof Element && target.closest("input, textarea, [contenteditable]") !== null;
  if (writes && clipboardData.types.includes("text/plain")) return null;
  return [...clipboardData.files].find(({ type }) => type.startsWith("image/")) ?? null;
}

function isFolder(item: DataTransferItem | undefined): boolean {
  return item?.webkitGetAsEntry()?.isDirectory ?? false;
}
