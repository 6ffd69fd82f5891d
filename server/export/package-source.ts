import { open, readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { type ByteFile, openZip, type PackageFiles } from "../../shared/evidence/package-files.ts";
import { FluxError } from "../../shared/lib/errors.ts";

const MAX_FILES = 200_000;

/** A file on disk, opened anew for each read: packages have many files. */
export async function fileBytes(path: string, name = path): Promise<ByteFile> {
  const { size } = await stat(path);
  return {
    name,
    bytes: size,
    async readAt(offset, length) {
      const file = await open(path, "r");
      try {
        const bytes = new Uint8Array(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return bytes.subarray(0, done);
      } finally {
        await file.close();
      }
    },
  };
}

/** A package as a .zip or as the folder that it was unpacked to. Throws `evidence.*` and the system's errors. */
export async function openPackage(path: string): Promise<PackageFiles> {
  const stats = await stat(path);
  if (!stats.isDirectory()) return openZip(await fileBytes(path));
  const files: ByteFile[] = [];
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const full = join(entry.parentPath, entry.name);
    const name = relative(path, full).split(sep).join("/");
    if (!entry.isFile()) throw new FluxError("evidence.no_file", `${name} is no plain file`);
    if (files.length >= MAX_FILES) throw new FluxError("evidence.too_large", "this folder holds too many files");
    files.push(await fileBytes(full, name));
  }
  return { files, duplicates: [], hidden: [] };
}
