// Every link of the documentation: to files that are there, and to headings that they have.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

// Compiled tests live in dist/test.
const root = fileURLToPath(new URL("../../", import.meta.url));

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

const readPage = (page: string): string => readFileSync(join(root, page), "utf8");

/** What is in code is no link, and no heading. */
function toProse(markdown: string): string {
  return markdown
    .replace(/^(```+|~~~)[^]*?^\1/gm, "")
    .replace(/`[^`\n]+`/g, (code) => (code.includes("](") ? "" : code));
}

/** As GitHub makes them: lower case, without punctuation, blanks as hyphens; the second of a name has `-1`. */
function findAnchors(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading] of toProse(markdown).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const plain = text.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-");
    let anchor = plain;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${plain}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** `page` is where the text stands, for links that are relative to it. */
function findDeadLinks(page: string, markdown: string): string[] {
  const targets = [...toProse(markdown).matchAll(/\]\(((?!https?:|mailto:)[^)\s]+)/g)].map(([, target]) => target);
  return targets.filter((target) => {
    const [path, anchor] = target.split("#");
    const file = path === "" ? page : normalize(join(dirname(page), path));
    if (path !== "" && !existsSync(join(root, file))) return true;
    return anchor !== undefined && !findAnchors(path === "" ? markdown : readPage(file)).has(anchor);
  });
}

describe("the documentation", () => {
  it("has pages with links and headings", () => {
    expect(pages).to.include("README.md").and.to.include("docs/rest.md");
    expect([...findAnchors(readPage("docs/websocket.md"))]).to.include.members([
      "websocket-the-protocol",
      "limits-and-timers",
    ]);
  });

  it("would have dead links found", () => {
    const text = [
      "# The `a` of [b](rest.md)",
      "[1](#the-a-of-b) [2](rest.md#errors) [3](../README.md) [4](https://example.com/x)",
      "[5](#the-a) [6](rest.md#eros) [7](README.md) `[8](nope.md)`",
      "```",
      "# Code\n[9](nope.md)",
      "```",
      "[10](#code)",
    ].join("\n");
    expect(findDeadLinks("docs/page.md", text)).to.deep.equal(["#the-a", "rest.md#eros", "README.md", "#code"]);
  });

  for (const page of pages) {
    it(`links to files and headings that are there: ${page}`, () =>
      expect(findDeadLinks(page, readPage(page))).to.deep.equal([]));
  }

  it("has every page of docs/ reachable from README.md", () => {
    const linked = new Set([...toProse(readPage("README.md")).matchAll(/\]\(([^)#\s]+)/g)].map(([, target]) => target));
    expect(pages.filter((page) => page !== "README.md" && !linked.has(page))).to.deep.equal([]);
  });
});
