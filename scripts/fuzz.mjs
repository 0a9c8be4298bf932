// Installs if needed, builds, and runs the differential and hostile-input tests at length; FUZZ_SEED and FUZZ_RUNS override.
import { main } from "./mocha.mjs";

main({
  files: [
    "dist/test/fuzz/*.test.js",
    "dist/test/http1/differential.test.js",
    "dist/test/{attacks,corpus,fuzz}/*.heavy.js",
  ],
  // What they measure does not mind.
  side: 2,
  args: ["--timeout", "600000"],
  env: { FUZZ_RUNS: "10" },
});
