import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { startExamples } from "../examples/start.ts";
import type { Examples } from "../examples/start.ts";
import { createFolder } from "./config/yaml-fixture.ts";

// Compiled tests live in dist/test.
const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = readFileSync(`${root}README.md`, "utf8");

interface Shown {
  readonly purpose: string;
  readonly command: string;
  readonly output: string;
}

/** The console blocks: `# purpose`, `$ command`, and the rest is its output. */
function readConsoleBlocks(markdown: string): Shown[] {
  return [...markdown.matchAll(/^```console\n# (.+)\n\$ (.+)\n([\s\S]*?)^```$/gm)].map(
    ([, purpose, command, output]) => ({
      purpose,
      command,
      output: output.trimEnd(),
    }),
  );
}

interface Gateway {
  readonly address: string;
  close(): Promise<void>;
}

/** The gateway as its own process, on a free port; resolves with its address once it says where it listens. */
function startGateway(examples: Examples): Promise<Gateway> {
  const upstreams = [...examples.targets].flatMap(([service, target]) => ["--upstream", `${service}=${target}`]);
  const main = fileURLToPath(new URL("../src/main.js", import.meta.url));
  const folder = createFolder();
  // A machine that stands still is not to shed.
  const config = folder.write("sluice.yaml", "shedding: { enabled: false }\n");
  const flags = ["--config", config, ...upstreams, "--listen", "127.0.0.1:0", "--admin", "off"];
  const args = [main, "serve", "protos/examples", ...flags];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    let text = "";
    const read = (chunk: Buffer): void => {
      text += chunk.toString();
      const match = /http:\/\/(127\.0\.0\.1:\d+)/.exec(text);
      if (match !== null)
        resolve({ address: match[1], close: () => endProcess(child).finally(() => folder.dispose()) });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`the gateway ended with exit code ${code}:\n${text}`)));
  });
}

function endProcess(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

describe("README.md", () => {
  const blocks = readConsoleBlocks(readme);

  it("shows every console block as one purpose and one command", () => {
    expect(blocks).to.have.length([...readme.matchAll(/^```console$/gm)].length);
    expect(blocks.length).to.be.greaterThan(10);
  });

  it("links to files that are there", () => {
    for (const [, target] of readme.matchAll(/\]\(((?!https?:)[^)#]+)/g)) {
      expect(() => readFileSync(`${root}${target}`), target).not.to.throw(/ENOENT/);
    }
  });

  // Without curl there is nothing to run; the golden cases of test/cases cover the same ground.
  (hasCurl ? describe : describe.skip)("the tour", () => {
    let examples: Examples | undefined;
    let gateway: Gateway | undefined;
    const folder = mkdtempSync(join(tmpdir(), "sluice-readme-"));

    before(async () => {
      examples = await startExamples({ port: 0 });
      gateway = await startGateway(examples);
    });

    after(async () => {
      rmSync(folder, { recursive: true });
      await gateway?.close();
      await examples?.close();
    });

    // In the order of the page: later lines build on earlier ones.
    for (const { purpose, command, output } of blocks) {
      it(`prints what it shows: ${purpose}`, async () => {
        const shown = await runShell(
          command.replaceAll("localhost:8080", gateway?.address ?? "").replaceAll("curl ", "curl -sS "),
          folder,
        );
        expect(shown.replaceAll("\r\n", "\n").trimEnd()).to.equal(output);
      });
    }
  });
});

/** Standard output of a shell line; not the synchronous way, because the backends live in this process. */
function runShell(command: string, cwd: string): Promise<string> {
  const child = spawn("sh", ["-c", command], { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve(Buffer.concat(chunks).toString()));
  });
}
