// The schema of sluice.yaml as a function, beside the compiled files that use it: src/config/validate.ts loads it.
import { writeFileSync } from "node:fs";
import { printValidator } from "../dist/src/config/compile-validator.js";
import { configSchema } from "../dist/src/config/config-schema.js";

writeFileSync(new URL("../dist/src/config/config-validator.cjs", import.meta.url), printValidator(configSchema));
