// The files of the playground: a fixed list, read once from the folder pages/ of the installation, never by a path of a request.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const script = "text/javascript; charset=utf-8";

/** Path → the file below pages/ and its media type. */
export const playgroundFiles: ReadonlyMap<string, { readonly file: string; readonly contentType: string }> = new Map([
  ["/-/play", { file: "play.html", contentType: "text/html; charset=utf-8" }],
  ["/-/play/play.css", { file: "play/play.css", contentType: "text/css; charset=utf-8" }],
  ...[
    "address",
    "call",
    "call-fetch",
    "call-mux",
    "call-websocket",
    "composer",
    "copy",
    "element",
    "field-list",
    "json-text",
    "log",
    "main",
    "method-list",
    "read-body",
    "sample",
    "schema",
    "status-names",
  ].map((name) => [`/-/play/${name}.js`, { file: `play/${name}.js`, contentType: script }] as const),
]);

let folder: string | undefined;

/** Sources and compiled output lie at different depths below the package: the folder is looked for upwards. */
function pagesFolder(): string {
  if (folder !== undefined) return folder;
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const candidate = join(at, "pages");
    if (existsSync(join(candidate, "play.html"))) return (folder = candidate);
    if (dirname(at) === at) throw new Error("the folder pages is missing from this installation of sluice");
  }
}

/** Throws where the installation is incomplete. */
export function readPlaygroundFile(file: string): Buffer {
  return readFileSync(join(pagesFolder(), file));
}
