// THREAT_MODEL.md's table of limits against the code: each default as it is there, and none of the settings left out.
import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { defaultSettings } from "../../src/config/settings.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

interface Limit {
  readonly what: string;
  readonly value: string;
  /** `server.max_body`, or the file of a constant. */
  readonly home: string;
  readonly constant: string | undefined;
}

const limits: readonly Limit[] = [
  ...read("THREAT_MODEL.md").matchAll(/^\| ([^|]+) \| (\w+) \| `([\w./-]+)`(?: `(\w+)`)? \|$/gm),
].map(([, what, value, home, constant]) => ({ what, value, home, constant: constant as string | undefined }));

function settingOf(key: string): unknown {
  const [group, name] = key.split(".");
  return (defaultSettings.strict as unknown as Record<string, Record<string, unknown>>)[group]?.[name];
}

/** `const name = 64 * 1024;` or `name: 128,` as a number. */
function constantOf(file: string, name: string): number | undefined {
  const source = new RegExp(`^(?:export )?const ${name} = ([\\d_* ]+);$|^ {2}${name}: ([\\d_* ]+),$`, "m").exec(
    read(file),
  );
  const text = source?.[1] ?? source?.[2];
  return text?.split("*").reduce((product, factor) => product * Number(factor.trim().replaceAll("_", "")), 1);
}

describe("the limits of THREAT_MODEL.md", () => {
  it("are all rows of its tables", () => {
    const rows =
      read("THREAT_MODEL.md")
        .split("## Limits")[1]
        .match(/^\| (?!limit |---).*$/gm) ?? [];
    expect(limits.length).to.equal(rows.length);
  });

  for (const { what, value, home, constant } of limits) {
    it(`have the code's default: ${what}`, () => {
      if (constant === undefined) expect(String(settingOf(home))).to.equal(value);
      else {
        expect(existsSync(new URL(home, root)), home).to.equal(true);
        expect(String(constantOf(home, constant))).to.equal(value);
      }
    });
  }

  it("are all the settings there are", () => {
    const { server, streams, timeouts, websocket, cache } = defaultSettings.strict;
    // Switches and lists bound nothing.
    const isLimit = (key: string): boolean =>
      !/^(?:workers|store|enabled|unary|allowed_origins|envelope|access_token_in_query)$/.test(key);
    const keys = [
      ...Object.keys(server)
        .filter(isLimit)
        .map((key) => `server.${key}`),
      ...Object.keys(timeouts).map((key) => `timeouts.${key}`),
      ...Object.keys(streams).map((key) => `streams.${key}`),
      ...Object.keys(websocket)
        .filter(isLimit)
        .map((key) => `websocket.${key}`),
      ...Object.keys(cache)
        .filter(isLimit)
        .map((key) => `cache.${key}`),
      "json.max_depth",
    ];
    const named = limits.filter(({ constant }) => constant === undefined).map(({ home }) => home);
    expect(named.sort()).to.deep.equal(keys.sort());
  });
});
