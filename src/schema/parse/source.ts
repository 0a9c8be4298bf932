// A .proto file as given to text, or why it is none.
import type { Problem } from "./lex.ts";

export const maxSourceSize = 16 * 1024 * 1024;

export type SourceText =
  | {
      readonly kind: "text";
      readonly text: string;
      /** It was not all UTF-8; U+FFFD stands for the rest. */ readonly lossy: boolean;
    }
  | { readonly kind: "problem"; readonly problem: Problem };

/** Takes a byte order mark off. */
export function readSource(source: string | Uint8Array): SourceText {
  if (source.length > maxSourceSize) {
    const size = `${source.length} ${typeof source === "string" ? "characters" : "bytes"}`;
    return problem("file-too-large", `the file has ${size}, expected at most ${maxSourceSize}`, "split it");
  }
  if (typeof source !== "string" && source.length >= 2) {
    const mark = (source[0] << 8) | source[1];
    if (mark === 0xfffe || mark === 0xfeff)
      return problem("not-text", "the file is UTF-16, expected UTF-8", "save it as UTF-8");
  }
  const { text, lossy } = typeof source === "string" ? { text: source, lossy: false } : decode(source);
  if (text.includes("\0"))
    return problem("not-text", "the file holds a NUL byte, expected .proto text", "check that it is the right file");
  return { kind: "text", text: text.startsWith("\ufeff") ? text.slice(1) : text, lossy };
}

function problem(rule: string, message: string, hint: string): SourceText {
  return { kind: "problem", problem: { rule, message, hint } };
}

function decode(bytes: Uint8Array): { text: string; lossy: boolean } {
  try {
    return {
      text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
      lossy: false,
    };
  } catch {
    return { text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), lossy: true };
  }
}
