import { expect } from "chai";
import { createProtos, run } from "./capture.ts";

describe("sluice check on the target of ext_authz", () => {
  it("refuses one that is none, at its place", async () => {
    const folder = createProtos();
    const config = folder.write(
      "sluice.yaml",
      'protos: [./protos]\nupstreams: { default: "localhost:1" }\nauth:\n  ext_authz:\n    target: "http://x"\n    principal: "metadata:sub"\n',
    );
    const { code, out } = await run(["check", "--config", config]);
    expect(code).to.equal(1);
    expect(out).to.match(
      /sluice\.yaml:5:13: error: auth\.ext_authz\.target: the upstream target "http:\/\/x" is an HTTP URL/,
    );
    folder.dispose();
  });
});
