// Credentials in real files: what a change of the file does to whoever holds them.
import { once } from "node:events";
import { EventEmitter } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Authenticator } from "../src/chain/authenticate/authenticator.ts";
import { DiagnosticError } from "../src/diagnostic.ts";
import { createFileAuthenticators } from "../src/file-authenticators.ts";
import { GatewayError } from "../src/status.ts";
import { newRequest } from "./chain/authenticate/new-request.ts";
import { run } from "./command/capture.ts";
import { createFolder } from "./config/yaml-fixture.ts";
import type { Folder } from "./config/yaml-fixture.ts";

describe("createFileAuthenticators", () => {
  let folder: Folder;
  let file: string;
  let authenticators: Authenticator[] = [];
  const events = new EventEmitter();
  beforeEach(() => {
    folder = createFolder();
    file = join(folder.path, "keys.yaml");
  });
  afterEach(() => {
    for (const authenticator of authenticators) authenticator.close?.();
    folder.dispose();
  });

  const keys = async (...argv: string[]): Promise<string> => (await run(["keys", ...argv, "--file", file])).out.trim();
  const start = (): Authenticator => {
    authenticators = createFileAuthenticators(
      { apiKeys: { file, header: "x-api-key", query: undefined }, basic: { file } },
      {
        realm: "sluice",
        intervalMs: 10,
        revoke: (principal) => void events.emit("revoke", principal),
        report: (error) => void events.emit("report", error),
      },
    );
    for (const authenticator of authenticators) authenticator.start?.();
    return authenticators[0];
  };
  const judge = (authenticator: Authenticator, key: string): string | undefined => {
    try {
      const identity = authenticator.authenticate(newRequest({ headers: { "x-api-key": key } }));
      return identity !== undefined && "principal" in identity ? identity.principal : undefined;
    } catch (error) {
      return GatewayError.from(error).message;
    }
  };

  it("ends a key that sluice keys revoke revokes, and lets in one that is made, while it runs", async () => {
    const one = await keys("create", "--principal", "one");
    const authenticator = start();
    expect(judge(authenticator, one)).to.equal("api_keys:one");
    const revoked = once(events, "revoke");
    const two = await keys("create", "--principal", "two");
    await keys("revoke", one);
    expect(await revoked).to.deep.equal(["api_keys:one"]);
    expect(judge(authenticator, one)).to.equal("the API key was revoked");
    expect(judge(authenticator, two)).to.equal("api_keys:two");
  });

  it("goes by what it had when the file breaks, and says so with the place; and by the next one that is sound", async () => {
    const one = await keys("create", "--principal", "one");
    const authenticator = start();
    let reported = once(events, "report");
    writeFileSync(file, "keys:\n  - id: 7\n");
    const [error] = (await reported) as [GatewayError];
    expect(error.reason).to.equal("CREDENTIALS_FILE");
    expect(error.message).to.match(
      /keys\.yaml:2:9: error: keys\[0\]\.id: [^]*; the credentials that were read before hold on$/,
    );
    expect(judge(authenticator, one)).to.equal("api_keys:one");
    const revoked = once(events, "revoke");
    writeFileSync(file, "keys: []\n");
    expect(await revoked).to.deep.equal(["api_keys:one"]);
    reported = once(events, "report");
    folder.dispose();
    expect(((await reported) as [GatewayError])[0].message).to.include("no such file; the credentials");
  });

  it("holds up no call while it reads a large file", async () => {
    const one = await keys("create", "--principal", "one");
    const authenticator = start();
    const id = (index: number): string => `a${String(index).padStart(11, "0")}`;
    const entries = Array.from(
      { length: 3000 },
      (_, index) => `  - {id: ${id(index)}, hash: "sha256:${"0".repeat(64)}"}`,
    );
    const revoked = once(events, "revoke");
    writeFileSync(file, `keys:\n${entries.join("\n")}\n`);
    let turns = 0;
    let longestMs = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      turns++;
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
    }, 1);
    expect(await revoked).to.deep.equal(["api_keys:one"]);
    clearInterval(timer);
    expect(judge(authenticator, one)).to.equal("the API key is not valid");
    // Reading 3,000 of them takes several hundred turns of a millisecond; on the loop itself it would take one.
    expect(turns, `${longestMs} ms`).to.be.greaterThan(20);
  });

  it("does not start on a file that cannot be used", () => {
    expect(start).to.throw(DiagnosticError, "no such file");
    writeFileSync(file, "keys: 1");
    expect(start).to.throw(DiagnosticError, "keys.yaml:1:7: error: keys: a list is expected");
  });
});
