// Real files, looked at every few milliseconds; each test waits for what it is about.
import { once } from "node:events";
import { EventEmitter } from "node:events";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { WatchedFile } from "../src/watched-file.ts";
import { createFolder } from "./config/yaml-fixture.ts";
import type { Folder } from "./config/yaml-fixture.ts";

describe("WatchedFile", () => {
  let folder: Folder;
  let watched: WatchedFile | undefined;
  const events = new EventEmitter();
  beforeEach(() => (folder = createFolder()));
  afterEach(() => {
    watched?.close();
    folder.dispose();
  });
  const start = (path: string): void => {
    watched = new WatchedFile(path, 10);
    watched.start({ onChange: () => void events.emit("change"), onGone: () => void events.emit("gone") });
  };
  const path = (name: string): string => join(folder.path, name);

  it("tells of a file that is written anew, renamed over, or gone and back", async () => {
    const file = folder.write("a", "1");
    start(file);
    let next = once(events, "change");
    writeFileSync(file, "2");
    await next;
    next = once(events, "change");
    writeFileSync(path("b"), "3");
    renameSync(path("b"), file);
    await next;
    next = once(events, "gone");
    rmSync(file);
    await next;
    next = once(events, "change");
    writeFileSync(file, "4");
    await next;
  });

  it("tells of a link that leads elsewhere, two links away, as Kubernetes swaps them", async () => {
    for (const version of ["v1", "v2"]) {
      mkdirSync(path(version));
      writeFileSync(path(`${version}/keys`), "same");
    }
    symlinkSync("v1", path("data"));
    symlinkSync("data/keys", path("keys"));
    start(path("keys"));
    const next = once(events, "change");
    symlinkSync("v2", path("data.new"));
    renameSync(path("data.new"), path("data"));
    await next;
  });

  it("tells of what happened between its making and its start", async () => {
    const file = folder.write("a", "1");
    watched = new WatchedFile(file, 10);
    writeFileSync(file, "22");
    const next = once(events, "change");
    watched.start({ onChange: () => void events.emit("change"), onGone: () => {} });
    await next;
  });

  it("says nothing once it is closed, and keeps no process alive", async () => {
    const file = folder.write("a", "1");
    let count = 0;
    watched = new WatchedFile(file, 1);
    watched.start({ onChange: () => count++, onGone: () => count++ });
    watched.close();
    writeFileSync(file, "22");
    const other = new WatchedFile(file, 1);
    const told = new Promise<void>((resolve) => other.start({ onChange: resolve, onGone: resolve }));
    writeFileSync(file, "333");
    await told;
    other.close();
    expect(count).to.equal(0);
  });
});
