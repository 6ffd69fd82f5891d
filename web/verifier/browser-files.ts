import { type ByteFile, openZip, type PackageFiles } from "../../shared/evidence/package-files.ts";

const MAX_FILES = 100_000;

function byteFile(file: Blob, name: string): ByteFile {
  return {
    name,
    bytes: file.size,
    readAt: async (offset, length) => new Uint8Array(await file.slice(offset, offset + length).arrayBuffer()),
    blob: (start, end, type) => file.slice(start, end, type),
  };
}

export function fromZip(file: File): Promise<PackageFiles> {
  return openZip(byteFile(file, file.name));
}

/** Files of a chosen folder: their names begin with the folder's own. */
export function fromList(files: Iterable<File>): PackageFiles {
  const found = Array.from(files, (file) => {
    const path = file.webkitRelativePath === "" ? file.name : file.webkitRelativePath;
    return { file, name: path.includes("/") ? path.slice(path.indexOf("/") + 1) : path };
  });
  return { files: found.map(({ file, name }) => byteFile(file, name)), duplicates: [], hidden: [] };
}

/** What was dropped: a .zip, or a folder with everything in it. Undefined: nothing usable. */
export function fromDrop(items: DataTransferItemList): Promise<PackageFiles> | undefined {
  // The list is only valid during the event: taken before anything is awaited.
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const [first] = entries;
  if (!first) return undefined;
  if (entries.length === 1 && first.isFile) return asFile(first as FileSystemFileEntry).then(fromZip);
  return walk(entries, entries.length === 1 ? `${first.fullPath}/` : "/");
}

async function walk(entries: readonly FileSystemEntry[], root: string): Promise<PackageFiles> {
  const files: ByteFile[] = [];
  const queue = [...entries];
  for (let entry = queue.pop(); entry; entry = queue.pop()) {
    if (files.length >= MAX_FILES) break;
    if (entry.isDirectory) queue.push(...(await children(entry as FileSystemDirectoryEntry)));
    else files.push(byteFile(await asFile(entry as FileSystemFileEntry), entry.fullPath.slice(root.length)));
  }
  return { files, duplicates: [], hidden: [] };
}

function asFile(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** `readEntries` gives a hundred at a time. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
