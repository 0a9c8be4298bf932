// Passwords as the credentials file has them: `scrypt:N:r:p:SALT:HASH`, salt and hash in base64.
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

export interface PasswordHash {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** With blocks of 8 this is 64 MiB: a bound for what a file, and so each attempt to log in, may ask of memory. */
const maxCost = 65_536;
const maxBlockSize = 8;
const maxParallelization = 16;
const hashLength = 32;
const form = /^scrypt:(\d{1,6}):(\d{1,2}):(\d{1,2}):([A-Za-z0-9+/]{16,88}={0,2}):([A-Za-z0-9+/]{43}=)$/;

/** Undefined for text that is none, or asks for too little or too much. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [cost, blockSize, parallelization] = match.slice(1, 4).map(Number);
  const isPowerOfTwo = (cost & (cost - 1)) === 0;
  if (!isPowerOfTwo || cost < 1024 || cost > maxCost) return undefined;
  if (blockSize < 1 || blockSize > maxBlockSize || parallelization < 1 || parallelization > maxParallelization)
    return undefined;
  const [salt, hash] = match.slice(4).map((part) => Buffer.from(part, "base64"));
  return { cost, blockSize, parallelization, salt, hash };
}

export function formatPasswordHash({ cost, blockSize, parallelization, salt, hash }: PasswordHash): string {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  return ["scrypt", cost, blockSize, parallelization, text(salt), text(hash)].join(":");
}

/** With a new salt, and the least that OWASP's password storage cheat sheet asks for with 16 MiB. */
export async function hashPassword(password: string): Promise<PasswordHash> {
  const settings = { cost: 16_384, blockSize: 8, parallelization: 5, salt: randomBytes(16) };
  return { ...settings, hash: await derive(password, settings) };
}

export async function isPassword(password: string, expected: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, expected), expected.hash);
}

function derive(password: string, settings: Omit<PasswordHash, "hash">): Promise<Buffer> {
  const { cost, blockSize, parallelization, salt } = settings;
  const options = { cost, blockSize, parallelization, maxmem: 256 * blockSize * cost };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, hashLength, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
