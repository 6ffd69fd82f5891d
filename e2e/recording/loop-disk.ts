import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** A small file system of its own on a loop device. Needs root. */
export class LoopDisk {
  readonly path: string;
  readonly #root: string;
  readonly #image: string;
  #mounted = false;

  constructor(megabytes: number) {
    this.#root = mkdtempSync(join(tmpdir(), "fluxvision-disk-"));
    this.#image = join(this.#root, "image");
    this.path = join(this.#root, "disk");
    mkdirSync(this.path);
    writeFileSync(this.#image, "");
    run("truncate", "-s", `${megabytes}M`, this.#image);
    run("mkfs.ext4", "-q", "-m", "0", this.#image);
    this.mount();
  }

  static permitted(): boolean {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
    try {
      new LoopDisk(16).close();
      return true;
    } catch {
      return false;
    }
  }

  mount(): void {
    run("mount", "-o", "loop,errors=remount-ro", this.#image, this.path);
    this.#mounted = true;
  }

  unmount(): void {
    if (this.#mounted) run("umount", "-l", this.path);
    this.#mounted = false;
  }

  /** Somebody else fills it, but for so many bytes. */
  fill(leaveBytes: number): void {
    const free = Number(run("df", "--output=avail", "-B1", this.path).split("\n")[1]);
    run("fallocate", "-l", String(Math.max(0, free - leaveBytes)), join(this.path, "other"));
  }

  makeRoom(): void {
    rmSync(join(this.path, "other"));
  }

  /** An error of its file system: from now on it is read-only. */
  breakDown(): void {
    const device = basename(run("losetup", "-j", this.#image).split(":")[0] ?? "");
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, "1");
  }

  repair(): void {
    this.unmount();
    try {
      run("fsck.ext4", "-y", this.#image);
    } catch {
      // 1: errors were corrected.
    }
    this.mount();
  }

  /** Writes hang, and go on. */
  freeze(): void {
    run("fsfreeze", "-f", this.path);
  }

  thaw(): void {
    run("fsfreeze", "-u", this.path);
  }

  close(): void {
    this.unmount();
    rmSync(this.#root, { recursive: true, force: true });
  }
}
