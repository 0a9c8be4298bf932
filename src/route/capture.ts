// The text a matched path has for each variable of its template, decoded as the kind of variable demands.
import type { UrlUnescape } from "../schema/binding.ts";
import { decodeKeeping } from "./percent.ts";
import { dotSegment, isDotSegment } from "./scan-path.ts";
import type { BadPath, PathScan } from "./scan-path.ts";
import type { Entry } from "./trie.ts";

/** In the order of the template's variables; a BadPath if a path-like one would climb out of where it stands. */
export function captureAll(scan: PathScan, entry: Entry, mode: UrlUnescape): readonly string[] | BadPath {
  const { variables, segments } = entry.binding.template;
  const captures: string[] = [];
  // Segments the `**` covers beyond the one it counts as in the template.
  const extra = entry.multi < 0 ? 0 : scan.count - segments.length;
  for (const variable of variables) {
    const start = variable.start > entry.multi && entry.multi >= 0 ? variable.start + extra : variable.start;
    const end = variable.end > entry.multi && entry.multi >= 0 ? variable.end + extra : variable.end;
    if (end <= start) {
      captures.push("");
    } else if (!variable.isMulti) {
      captures.push(
        (scan.hasEscapes ? scan.decoded[start] : undefined) ?? scan.path.slice(scan.starts[start], scan.ends[start]),
      );
    } else {
      const text = captureMulti(scan, start, end, mode);
      if (typeof text !== "string") return text;
      captures.push(text);
    }
  }
  return captures;
}

function captureMulti(scan: PathScan, start: number, end: number, mode: UrlUnescape): string | BadPath {
  const raw = scan.path.slice(scan.starts[start], scan.ends[end - 1]);
  if (!scan.hasEscapes || !raw.includes("%")) return raw;
  for (let at = start; at < end; at++) {
    const text = scan.decoded[at];
    if (text !== undefined && hasHiddenDotSegment(text)) return dotSegment(scan.starts[at]);
  }
  return decodeKeeping(raw, mode);
}

/**
 * A capture of several segments is a path to its reader, who may decode it once more: `..%2Fsecret` is refused there. In a
 * single segment the same bytes are data and `..` has no meaning.
 */
function hasHiddenDotSegment(text: string): boolean {
  return /[/\\]/.test(text) && text.split(/[/\\]/).some((part) => isDotSegment(part, 0, part.length));
}
