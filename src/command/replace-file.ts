// A file that others read while it is changed: they see the old one or the new one, whole; and one change at a time.
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import type { Stats } from "node:fs";

/** A change that could not be made; the message says why. */
export class ReplaceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ReplaceError";
  }
}

/**
 * `change` gets the text, undefined where there is no file yet; what it throws is thrown. A new file is for its owner only; an
 * old one keeps its owner and who may read it: a gateway that cannot read it any more would go by the old one. Throws ReplaceError.
 */
export function replaceFile(path: string, change: (text: string | undefined) => string): void {
  const target = follow(path);
  const lock = `${target}.lock`;
  const handle = takeLock(lock);
  try {
    const before = describe(target);
    const text = change(before === undefined ? undefined : readFileSync(target, "utf8"));
    write(target, text, before);
  } catch (error) {
    throw isSystemError(error) ? new ReplaceError(`${path} cannot be changed: ${error.message}`) : error;
  } finally {
    closeSync(handle);
    rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): number {
  try {
    return openSync(lock, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST")
      throw new ReplaceError(`${lock} cannot be written: ${(error as Error).message}`);
    throw new ReplaceError(`somebody else is changing it; if that is not so, delete ${lock}`);
  }
}

/** Beside the old one, so that the last step is a rename. */
function write(target: string, text: string, before: Stats | undefined): void {
  const fresh = `${target}.${process.pid}.new`;
  rmSync(fresh, { force: true });
  const handle = openSync(fresh, "wx", 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  if (before !== undefined) keepOwner(fresh, before);
  renameSync(fresh, target);
}

function keepOwner(fresh: string, { uid, gid, mode }: Stats): void {
  chmodSync(fresh, mode & 0o777);
  try {
    chownSync(fresh, uid, gid);
  } catch {
    // Only root may give files away; anybody else is the owner, or becomes it.
  }
}

/** A link stays one. */
function follow(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function describe(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
