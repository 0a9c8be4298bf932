// Bad protos, descriptor sets, configuration files and flags, and what `sluice check` prints about them.
import { expect } from "chai";
import { createFolder } from "../config/yaml-fixture.ts";
import { run } from "../command/capture.ts";
import { playCorpus, shown, toBytes } from "./corpus-file.ts";
import { serviceProto } from "./service.ts";

/**
 * `--- path` lines begin files, `$ NAME=value … command arguments` is what is run: by default `check protos`, or
 * `check --config sluice.yaml` where there is one.
 */
async function playCommand(input: readonly string[]): Promise<string> {
  const folder = createFolder();
  const home = process.cwd();
  const commands = input.filter((line) => line.startsWith("$ ")).map((line) => toBytes(line.slice(2)).toString());
  const files = toFiles(input.filter((line) => !line.startsWith("$ ")));
  const hasConfig = files.has("sluice.yaml");
  if (![...files.keys()].some((path) => path.startsWith("protos/")))
    files.set("protos/service.proto", Buffer.from(serviceProto()));
  for (const [path, content] of files) folder.write(path, content);
  const command = commands[0] ?? (hasConfig ? "check protos --config sluice.yaml" : "check protos");
  const words = command.split(" ").map((word) => word.replaceAll("␣", " "));
  const split = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const environment = Object.fromEntries(
    words.slice(0, split).map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
  );
  process.chdir(folder.path);
  try {
    const { code, out, error } = await run(words.slice(split), { environment });
    if (command.endsWith("--json")) expect(() => JSON.parse(out) as unknown).not.to.throw();
    const text = `${out}${error}`.replaceAll(folder.path, "/folder").trimEnd();
    return `${shown(text, 3000)}${text === "" ? "" : "\n"}exit ${code}`;
  } finally {
    process.chdir(home);
    folder.dispose();
  }
}

function toFiles(lines: readonly string[]): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  let path: string | undefined;
  let content: string[] = [];
  const finish = (): void => {
    if (path !== undefined) files.set(path, toBytes(content.join("\n")));
    content = [];
  };
  for (const line of lines) {
    if (line.startsWith("--- ")) {
      finish();
      path = line.slice(4);
    } else content.push(line);
  }
  finish();
  return files;
}

describe("corpus of files", () => {
  describe("protos", () => playCorpus("protos", 95, playCommand));
  describe("yaml", () => playCorpus("yaml", 110, playCommand));
});
