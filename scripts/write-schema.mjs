// Writes docs/sluice.schema.json from the compiled schema constant; run it after `npm run build` when the schema changes.
import { writeFileSync } from "node:fs";

const { configSchema } = await import(new URL("../dist/src/config/config-schema.js", import.meta.url));
writeFileSync(
  new URL("../docs/sluice.schema.json", import.meta.url),
  `${JSON.stringify(configSchema, undefined, 2)}\n`,
);
