// The corpus entries about the names of the prototype once more, in a process where no prototype can be written to.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Not this one: Node's own header object inherits from Object.prototype, and cannot hold `constructor` when that is frozen. */
const exempt = "a header called constructor";

function runFrozen(): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(
    process.execPath,
    [
      "--import",
      new URL("frozen.js", import.meta.url).href,
      "node_modules/mocha/bin/mocha.js",
      "--grep",
      `^(?!.*${exempt}).*(prototype|constructor|__proto__)`,
      here("requests.test.js"),
      here("commands.test.js"),
    ],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
  );
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, text })));
}

describe("prototypes", () => {
  it("are written to by none of the corpus", async () => {
    const { code, text } = await runFrozen();
    expect(code, text).to.equal(0);
    expect(Number(/(\d+) passing/.exec(text)?.[1]), text).to.be.at.least(25);
  });
});
