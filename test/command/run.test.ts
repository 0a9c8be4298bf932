import { expect } from "chai";
import { readFileSync } from "node:fs";
import { commands } from "../../src/command/flags.ts";
import { formatFlag } from "../../src/command/parse-flags.ts";
import { run } from "./capture.ts";

describe("runCommand", () => {
  it("prints the version of the package", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    for (const argv of [["version"], ["--version"], ["-v"]])
      expect(await run(argv)).to.deep.equal({ code: 0, out: `sluice ${version}\n`, error: "" });
  });

  it("prints an overview without arguments, as a mistake", async () => {
    const { code, out, error } = await run([]);
    expect([code, out]).to.deep.equal([2, ""]);
    for (const { name, summary } of commands) expect(error).to.contain(name).and.to.contain(summary);
  });

  it("prints the overview when asked", async () => {
    const overview = (await run([])).error;
    for (const argv of [["--help"], ["-h"], ["help"]])
      expect(await run(argv)).to.deep.equal({ code: 0, out: overview, error: "" });
  });

  for (const command of commands) {
    it(`prints every flag, its default and the examples of ${command.name}`, async () => {
      for (const argv of [
        [command.name, "--help"],
        [command.name, "-h"],
        ["help", command.name],
      ]) {
        const { code, out } = await run(argv);
        expect(code).to.equal(0);
        expect(out).to.contain(command.usage).and.to.contain(command.summary);
        for (const flag of command.flags)
          expect(out)
            .to.contain(formatFlag(flag))
            .and.to.contain(flag.description)
            .and.to.contain(flag.fallback ?? "");
        for (const { line } of command.examples) expect(out).to.contain(line);
        const isConfigured = command.flags.some(({ name }) => name === "config");
        expect(out.includes("Every setting can also stand in sluice.yaml")).to.equal(isConfigured);
      }
    });
  }

  const mistakes: readonly [string[], string][] = [
    [["serv"], 'unknown command serv; did you mean "serve"?'],
    [["./protos"], "unknown command ./protos; to serve it: sluice serve ./protos --upstream localhost:50051"],
    [["zzz"], "unknown command zzz; the commands are serve, check, routes, explain, client, keys, version"],
    [["--serve"], 'unknown flag --serve; did you mean "serve"?'],
    [["help", "exlain"], 'unknown command exlain; did you mean "explain"?'],
    [["serve", "--lisen", ":1"], 'unknown flag --lisen of sluice serve; did you mean "--listen"?'],
    [["serve", "-x"], "unknown flag -x of sluice serve; see sluice serve --help"],
    [["serve", "--i"], "unknown flag --i of sluice serve; see sluice serve --help"],
    [["serve", "--listen"], "--listen needs a value: --listen HOST:PORT"],
    [["serve", "--listen="], "--listen needs a value: --listen HOST:PORT"],
    [
      ["serve", "--listen", "--admin"],
      "--listen needs a value: --listen HOST:PORT; write --listen=--admin if that is the value",
    ],
    [["serve", "--reflect=yes"], "--reflect takes no value"],
    [["routes", "--no-json"], 'unknown flag --no-json of sluice routes; did you mean "--json"?'],
    [["check", "--listen", ":1"], "unknown flag --listen of sluice check; see sluice check --help"],
    [["version", "x"], 'unexpected argument "x"; usage: sluice version'],
    [
      ["explain", "GET"],
      "arguments are missing; usage: sluice explain METHOD URL|pkg.Service.Method [PROTO|DIR|DESCRIPTORS…] [options]",
    ],
    [
      ["explain", "GE T", "/"],
      '"GE T" is no HTTP method; usage: sluice explain METHOD URL, e.g. sluice explain GET /v1/products/1',
    ],
    [["explain", "GET", "v1"], '"v1" is no URL or path; a path begins with /, e.g. /v1/products/1'],
    [["explain", "GET", "/", "-H", "nope"], "-H \"nope\": NAME: VALUE is expected, e.g. -H 'accept-language: de'"],
    [["explain", "GET", "/", "-d", "@/no/such/file"], "-d @/no/such/file: no such file"],
    [["serve", "--\u001b[31m"], "unknown flag --\\u001b[31m of sluice serve; see sluice serve --help"],
  ];
  for (const [argv, message] of mistakes) {
    it(`refuses ${JSON.stringify(argv.join(" "))} with exit code 2`, async () =>
      expect(await run(argv)).to.deep.equal({ code: 2, out: "", error: `error: ${message}\n` }));
  }

  it("colours on a terminal only, and never with NO_COLOR", async () => {
    const isColoured = (text: string): boolean => text.includes("\u001b[");
    expect(isColoured((await run(["--help"], { isTerminal: true })).out)).to.equal(true);
    expect(isColoured((await run(["--help"])).out)).to.equal(false);
    expect(isColoured((await run(["--help"], { isTerminal: true, environment: { NO_COLOR: "1" } })).out)).to.equal(
      false,
    );
    expect(isColoured((await run(["--help"], { isTerminal: true, environment: { TERM: "dumb" } })).out)).to.equal(
      false,
    );
  });
});

describe("docs/command-line.md", () => {
  const text = readFileSync("docs/command-line.md", "utf8");
  const sections = new Map(
    text
      .split(/^## sluice /m)
      .slice(1)
      .map((section) => [section.split("\n")[0], section]),
  );

  it("has a section for every command, and no other", () =>
    expect([...sections.keys()]).to.deep.equal(commands.map(({ name }) => name)));

  for (const command of commands) {
    it(`tells the usage, flags, defaults and examples of ${command.name}, and no other flags`, () => {
      const section = sections.get(command.name) ?? "";
      expect(section).to.contain(`\`${command.usage}\``);
      const rows = new Map(
        [...section.matchAll(/^\| `(-.*?)` \| (.*?) \|/gm)].map((match) => [match[1].replaceAll("\\|", "|"), match[2]]),
      );
      expect([...rows.keys()].sort()).to.deep.equal(command.flags.map(formatFlag).sort());
      for (const flag of command.flags)
        if (flag.fallback !== undefined) expect(rows.get(formatFlag(flag))).to.equal(`\`${flag.fallback}\``);
      for (const { line } of command.examples) if (command.name !== "version") expect(section).to.contain(line);
    });
  }
});
