// The browser client as one minified ES module, for the gateway to serve; made by the build.
import { readFileSync } from "node:fs";

/** Throws where the build has not bundled it. */
export function readClientBundle(): string {
  const file = new URL("../client/sluice-client.js", import.meta.url);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`the browser client is not bundled: ${file.pathname} is missing; run npm run build`, {
      cause: error,
    });
  }
}
