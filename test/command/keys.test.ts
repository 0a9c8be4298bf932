// `sluice keys` on real files.
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync, chmodSync } from "node:fs";
import { join } from "node:path";
import { parseCredentials } from "../../src/config/credentials-file.ts";
import { hashSecret, parseApiKey } from "../../src/credentials/api-key-text.ts";
import { isPassword } from "../../src/credentials/password-hash.ts";
import { createFolder } from "../config/yaml-fixture.ts";
import type { Folder } from "../config/yaml-fixture.ts";
import { run } from "./capture.ts";

describe("sluice keys", () => {
  let folder: Folder;
  let file: string;
  beforeEach(() => {
    folder = createFolder();
    file = join(folder.path, "keys.yaml");
  });
  afterEach(() => folder.dispose());

  const keys = (...argv: string[]) => run(["keys", ...argv, "--file", file]);
  const read = () => {
    const credentials = parseCredentials(readFileSync(file, "utf8"), file, ({ message }) => {
      throw new Error(message);
    });
    if (credentials === undefined) throw new Error("the file is not sound");
    return credentials;
  };

  it("prints a key alone on standard output, and keeps its hash and what it may", async () => {
    const { code, out, error } = await keys(
      ..."create --name ci --principal robots --scope a.read --scope a.write".split(" "),
      ..."--role robot --claim tenant=acme=1 --expires 90d".split(" "),
    );
    expect(code).to.equal(0);
    const parsed = parseApiKey(out.trim());
    if (parsed === undefined) throw new Error(`no key: ${out}`);
    expect(out).to.equal(`slk_${parsed.id}_${parsed.secret}\n`);
    expect(error).to.equal(`key ${parsed.id} is in ${file}, as a hash; the key itself is shown this once\n`);
    expect(readFileSync(file, "utf8")).to.not.include(parsed.secret);
    const [key] = read().keys;
    expect(Buffer.compare(key.hash, hashSecret(parsed.secret))).to.equal(0);
    expect(key).to.deep.include({ id: parsed.id, name: "ci", principal: "robots", scopes: ["a.read", "a.write"] });
    expect({ ...key.claims }).to.deep.equal({ tenant: "acme=1" });
    expect(key.roles).to.deep.equal(["robot"]);
    expect(key.expiresAt - Date.now()).to.be.within(89.99 * 86_400_000, 90 * 86_400_000);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it("lets a key stand for itself, for ever, with nothing, unless told otherwise", async () => {
    await keys("create");
    const [key] = read().keys;
    expect(key).to.deep.include({ principal: key.id, expiresAt: Infinity, scopes: [], roles: [], isDisabled: false });
  });

  it("keeps the rest of the file, its comments, its links and its mode", async () => {
    const real = join(folder.path, "real.yaml");
    writeFileSync(
      real,
      "# ours\nkeys:\n  # the first\n  - id: aaaaaaaaaaaa # a\n    hash: sha256:" + "0".repeat(64) + "\n",
    );
    chmodSync(real, 0o640);
    symlinkSync("real.yaml", file);
    await keys("create");
    await keys("revoke", "aaaaaaaaaaaa");
    const text = readFileSync(real, "utf8");
    for (const kept of ["# ours\n", "# the first\n", "# a\n"]) expect(text).to.include(kept);
    expect(read().keys.map(({ isDisabled }) => isDisabled)).to.deep.equal([true, false]);
    expect(lstatSync(file).isSymbolicLink()).to.equal(true);
    expect(statSync(real).mode & 0o777).to.equal(0o640);
  });

  it("writes JSON where the name says so", async () => {
    file = join(folder.path, "keys.json");
    await keys("create", "--name", "one");
    await keys("create", "--name", "two");
    const { keys: made } = JSON.parse(readFileSync(file, "utf8")) as { keys: { name: string }[] };
    expect(made.map(({ name }) => name)).to.deep.equal(["one", "two"]);
    expect(read().keys.length).to.equal(2);
  });

  it("revokes by the id or by the whole key, and says when there is none", async () => {
    const { out } = await keys("create");
    const other = (await keys("create")).out.trim();
    expect((await keys("revoke", out.trim())).code).to.equal(0);
    expect(read().keys.map(({ isDisabled }) => isDisabled)).to.deep.equal([true, false]);
    const { code, error } = await keys("revoke", parseApiKey(other)?.id ?? "");
    expect([code, error]).to.deep.equal([
      0,
      `${parseApiKey(other)?.id} is revoked; gateways that use ${file} hear of it in seconds\n`,
    ]);
    expect(await keys("revoke", "nothere")).to.deep.equal({
      code: 1,
      out: "",
      error: `error: ${file} has no key nothere; see sluice keys list\n`,
    });
  });

  it("lists everything but hashes", async () => {
    await keys("create", "--name", "ci", "--scope", "a", "--expires", "2099-01-01");
    await keys("create", "--user", "alice");
    const [key] = read().keys;
    await keys("revoke", "--user", "alice");
    const { out } = await keys("list");
    expect(
      out.split("\n").map((line) => line.replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, "TIME").split(/\s+/)),
    ).to.deep.equal([
      ["KIND", "ID", "NAME", "PRINCIPAL", "SCOPES", "ROLES", "CREATED", "EXPIRES", "STATE"],
      ["key", key.id, "ci", key.id, "a", "-", "TIME", "TIME", "active"],
      ["user", "alice", "alice", "alice", "-", "-", "-", "never", "revoked"],
      [""],
    ]);
    const json = (await keys("list", "--json")).out;
    expect(JSON.parse(json)).to.have.length(2);
    expect(out + json).to.not.match(/sha256|scrypt/);
  });

  it("makes users, with a password of its own or one from standard input", async () => {
    const { out } = await keys("create", "--user", "alice", "--scope", "a");
    const [alice] = read().users;
    expect(alice).to.deep.include({ name: "alice", scopes: ["a"] });
    expect(await isPassword(out.trim(), alice.password)).to.equal(true);
    const argv = ["dist/src/main.js", "keys", "create", "--user", "bob", "--password-stdin", "--file", file];
    expect(execFileSync(process.execPath, argv, { input: "hunter2\n", stdio: "pipe" }).toString()).to.equal("");
    expect(await isPassword("hunter2", read().users[1].password)).to.equal(true);
    const again = await keys("create", "--user", "alice");
    expect(again.code).to.equal(1);
    expect(again.error).to.match(/"alice" is there twice, first in line \d+; leave one of them out\n$/);
    expect(read().users.length).to.equal(2);
  });

  it("changes nothing in a file that has errors, and tells them with their places", async () => {
    const text = "keys:\n  - id: aaaaaaaaaaaa\n    hash: md5:1\n";
    writeFileSync(file, text);
    const { code, out, error } = await keys("create");
    expect([code, out]).to.deep.equal([1, ""]);
    expect(error).to.match(/keys\.yaml:3:11: error: keys\[0\]\.hash: the hash of a key is expected, sha256: and 64/);
    expect(readFileSync(file, "utf8")).to.equal(text);
    expect((await keys("list")).code).to.equal(1);
  });

  it("lets one change it at a time, and leaves no lock behind", async () => {
    writeFileSync(`${file}.lock`, "");
    expect(await keys("create")).to.deep.equal({
      code: 1,
      out: "",
      error: `error: somebody else is changing it; if that is not so, delete ${file}.lock\n`,
    });
    file = join(folder.path, "other.yaml");
    await keys("create");
    expect(existsSync(`${file}.lock`)).to.equal(false);
    file = join(folder.path, "no/such/folder.yaml");
    expect((await keys("create")).error).to.match(/^error: .*folder\.yaml\.lock cannot be written: ENOENT/);
  });

  const mistakes: readonly [string[], string][] = [
    [["crate"], 'keys crate: did you mean "create"?'],
    [["zzz"], "keys zzz: one of create, list, revoke is expected"],
    [["list", "x"], "keys list takes no argument"],
    [["revoke"], "keys revoke: the id of a key is expected (sluice keys list shows them), or --user NAME"],
    [["create", "--expires", "90"], "--expires 90: a time to come is expected, as 90d, 12h, 2027-03-31 or never"],
    [
      ["create", "--expires", "2020-01-01"],
      "--expires 2020-01-01: a time to come is expected, as 90d, 12h, 2027-03-31 or never",
    ],
    [["create", "--expires", "0d"], "--expires 0d: a time to come is expected, as 90d, 12h, 2027-03-31 or never"],
    [["create", "--claim", "tenant"], "--claim tenant: NAME=VALUE is expected"],
    [["create", "--password-stdin"], "--password-stdin goes with --user"],
    [["create", "--user", "a", "--name", "b"], "--name is for keys; a user is known by the name of --user"],
  ];
  for (const [argv, message] of mistakes)
    it(`refuses ${argv.join(" ")}`, async () => {
      expect(await keys(...argv)).to.deep.equal({ code: 2, out: "", error: `error: ${message}\n` });
      expect(existsSync(file)).to.equal(false);
    });
});
