// Arbitrary texts of any characters. fc.string({ unit: "binary" }) first prepares half a second for shrinking them.
import fc from "fast-check";

/** Any code point but a surrogate. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  .map((code) => String.fromCodePoint(code < 0xd800 ? code : code + 0x800));

export function anyText(lengths: fc.ArrayConstraints = {}): fc.Arbitrary<string> {
  return fc.array(anyCharacter, lengths).map((characters) => characters.join(""));
}
