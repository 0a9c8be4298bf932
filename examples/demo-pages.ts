// demo.v1.Pages: the demo's web pages as google.api.HttpBody.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { notFound } from "./rpc-error.ts";
import { unary } from "./serve.ts";
import type { ServiceSource } from "./serve.ts";
import type { HttpBody } from "./shop.ts";

const html = "text/html; charset=utf-8";
const script = "text/javascript; charset=utf-8";

/** Name in the URL → its file in examples/pages. A request never names a file. */
const files: ReadonlyMap<string, readonly [file: string, contentType: string]> = new Map([
  ["", ["index.html", html]],
  ["ticker", ["ticker.html", html]],
  ["chat", ["chat.html", html]],
  ["ticker.js", ["ticker.js", script]],
  ["ticker-feeds.js", ["ticker-feeds.js", script]],
  ["chat.js", ["chat.js", script]],
  ["demo.css", ["demo.css", "text/css; charset=utf-8"]],
]);

export function createPages(): ServiceSource {
  const folder = pagesFolder();
  return {
    service: "demo.v1.Pages",
    file: "demo/v1/pages.proto",
    implementation: {
      GetPage: unary(({ page }: { page: string }): HttpBody => {
        const found = files.get(page);
        if (found === undefined) throw notFound("demo.v1.Page", page);
        const [file, contentType] = found;
        return { content_type: contentType, data: readFileSync(`${folder}${file}`) };
      }),
    },
  };
}

/** Compiled code lives one folder deeper than its source. */
function pagesFolder(): string {
  for (const up of ["./pages/", "../../examples/pages/"]) {
    const folder = fileURLToPath(new URL(up, import.meta.url));
    if (existsSync(folder)) return folder;
  }
  throw new Error("examples: the folder examples/pages/ is not where the repository has it");
}
