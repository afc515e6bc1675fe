/** What was dropped: files, and the pictures in folders, however deep. */
import { looksAsPicture } from "@/entities/image/pictureTypes";

/** Of a folder; nobody means more of them at once. */
const MOST = 2000;

export async function droppedFiles(data: DataTransfer): Promise<File[]> {
  // Entries are gone once the event is over, so all of them are taken first.
  const entries = [...data.items]
    .filter(({ kind }) => kind === "file")
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found: File[] = [];
  for (const entry of entries) {
    if (entry instanceof File) found.push(entry);
    else if (entry?.isFile) found.push(await fileOf(entry as FileSystemFileEntry));
    else if (entry) await addFolder(entry as FileSystemDirectoryEntry, found);
  }
  return found;
}

/** Of a folder that was chosen, the pictures; of files that were chosen one by one, all. */
export function meantOf(files: readonly File[]): File[] {
  return files.filter((file) => !file.webkitRelativePath || looksAsPicture(file)).slice(0, MOST);
}

async function addFolder(folder: FileSystemDirectoryEntry, found: File[]): Promise<void> {
  const reader = folder.createReader();
  // It tells a hundred at a time, and an empty page at the end.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (found.length >= MOST) return;
      if (entry.isDirectory) await addFolder(entry as FileSystemDirectoryEntry, found);
      else {
        const file = await fileOf(entry as FileSystemFileEntry);
        if (looksAsPicture(file)) found.push(file);
      }
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
