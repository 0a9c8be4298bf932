// Ed25519 keys that a signature may be checked with: not those of small order, with which anybody signs for everybody.
import type { KeyObject } from "node:crypto";

/**
 * The points whose order is 1, 2, 4 or 8, by y in little-endian (RFC 8032 section 5.1.2), without the bit of the sign; 0 and 1
 * in both the spellings that are taken.
 */
const smallOrder: ReadonlySet<string> = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

export function isSoundEd25519(key: KeyObject): boolean {
  const point = key.export({ type: "spki", format: "der" }).subarray(-32);
  point[31] &= 0x7f;
  return !smallOrder.has(point.toString("hex"));
}
