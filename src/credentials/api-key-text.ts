// An API key as its holder has it, `slk_ID_SECRET`: the id finds it in the file and may be shown, the secret is there as a hash only.
import { hash, randomBytes } from "node:crypto";

export interface ApiKeyText {
  readonly id: string;
  readonly secret: string;
}

const digits = "abcdefghijklmnopqrstuvwxyz234567";
const idLength = 12;
/** Five bits each: 160. Nobody guesses that, so that a plain hash will do: a slow one is for passwords that people make up. */
const secretLength = 32;

/** What finds a key in logs and in code that was published by mistake. */
const prefix = "slk";
const idForm = new RegExp(`^[a-z0-9]{${idLength}}$`);
const form = new RegExp(`^${prefix}_([a-z0-9]{${idLength}})_([a-z2-7]{${secretLength}})$`);

export function isKeyId(text: string): boolean {
  return idForm.test(text);
}

/** Undefined for text that is no key. */
export function parseApiKey(text: string): ApiKeyText | undefined {
  const match = text.length > 64 ? null : form.exec(text);
  return match === null ? undefined : { id: match[1], secret: match[2] };
}

export function formatApiKey({ id, secret }: ApiKeyText): string {
  return `${prefix}_${id}_${secret}`;
}

export function createApiKeyText(): ApiKeyText {
  return { id: randomText(idLength), secret: randomText(secretLength) };
}

function randomText(length: number): string {
  // 256 is a multiple of 32: every digit is as likely as the others.
  return Array.from(randomBytes(length), (byte) => digits[byte % digits.length]).join("");
}

/** SHA-256. */
export function hashSecret(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}
