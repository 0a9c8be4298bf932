// The protos that come with the gateway, which are parsed without anybody to report to.
import { expect } from "chai";
import { listBundled, parseBundled, readBundled } from "../../src/schema/load/bundled.ts";
import { parseProto } from "../../src/schema/parse/file.ts";

describe("bundled protos", () => {
  for (const path of listBundled()) {
    it(`have no errors: ${path}`, () => {
      parseProto(readBundled(path)!, path, ({ message }) => expect.fail(message));
    });
  }

  it("are parsed once", () => {
    const [path] = listBundled();
    expect(parseBundled(path)).to.not.equal(undefined);
    expect(parseBundled(path)).to.equal(parseBundled(path));
  });

  it("are nothing else", () => expect(parseBundled("package.json")).to.equal(undefined));
});
