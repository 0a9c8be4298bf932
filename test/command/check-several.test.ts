// Files with several mistakes of different kinds: `sluice check` says all of them in one run, and none of them twice.
import { createFolder } from "../config/yaml-fixture.ts";
import { playCorpus } from "../corpus/corpus-file.ts";
import { run } from "./capture.ts";

/** `--- path` lines begin files; what comes is the whole of what is printed. */
async function playCheck(input: readonly string[]): Promise<string> {
  const folder = createFolder();
  const home = process.cwd();
  const files = new Map<string, string[]>();
  for (const line of input) {
    if (line.startsWith("--- ")) files.set(line.slice(4), []);
    else [...files.values()].at(-1)?.push(line);
  }
  for (const [path, lines] of files) folder.write(path, `${lines.join("\n")}\n`);
  const rules = files.has("rules.yaml") ? ["--http-rules", "rules.yaml"] : [];
  process.chdir(folder.path);
  try {
    const { out } = await run(["check", ...rules, ...(files.has("sluice.yaml") ? [] : ["."])]);
    return out.trimEnd();
  } finally {
    process.chdir(home);
    folder.dispose();
  }
}

describe("sluice check on several mistakes", () => playCorpus("several", 20, playCheck));
