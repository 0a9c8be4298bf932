// The schema as it was compiled when Sluice was built is the schema that there is.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { compileValidator, printValidator } from "../../src/config/compile-validator.ts";
import { configSchema } from "../../src/config/config-schema.ts";
import { isValid } from "../../src/config/validate.ts";

describe("the compiled schema of sluice.yaml", () => {
  it("is that of config-schema.ts", () => {
    const built = readFileSync(new URL("../../src/config/config-validator.cjs", import.meta.url), "utf8");
    expect(built === printValidator(configSchema)).to.equal(true);
  });

  it("judges as one compiled now does", () => {
    const now = compileValidator(configSchema);
    for (const [value, isGood] of [
      [{}, true],
      [{ protos: ["./protos"], upstreams: { default: "localhost:50051" }, limits: [] }, true],
      [{ listen: "nowhere" }, false],
      [{ listen: 8080, protos: "x", unknown: 1 }, false],
      [{ limits: [{ name: "a", key: "ip", rate: "5/s" }] }, true],
      [{ limits: [{ name: "a", key: "ip", rate: "much" }] }, false],
    ] as const) {
      expect(isValid(value, configSchema), JSON.stringify(value)).to.equal(isGood);
      expect(now(value), JSON.stringify(value)).to.equal(isGood);
    }
  });
});
