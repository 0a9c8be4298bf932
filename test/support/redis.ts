// A Redis of its own for a test, from Debian's redis-server: on a socket file, keeping nothing.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import type { Pki } from "./pki.ts";

export interface RedisOptions {
  readonly password?: string;
  /** Also over TLS, on a free port of this machine, with the certificate of localhost. */
  readonly tls?: Pick<Pki, "certFile" | "keyFile" | "caFile">;
}

export interface RedisServer {
  /** For `redis.url`, where it speaks TLS. */
  readonly tlsUrl: string;
  /** For `redis.url`. */
  readonly url: string;
  /** The answer as RESP text. */
  ask(...words: readonly string[]): Promise<string>;
  /** Leaves its clients waiting, as a machine that hangs. */
  freeze(): void;
  thaw(): void;
  /** As a crash does. */
  kill(): Promise<void>;
  start(): Promise<void>;
  dispose(): Promise<void>;
}

/** Skips where there is no Redis to be had, except in CI, where there has to be one. */
export async function startRedis(test: { skip(): never }, { password, tls }: RedisOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-redis-"));
  const path = join(folder, "redis.sock");
  const args = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder];
  if (password !== undefined) args.push("--requirepass", password);
  const tlsPort = tls === undefined ? 0 : await freePort();
  if (tls !== undefined) args.push("--tls-port", String(tlsPort), ...toTlsArgs(tls));
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    const dying = child;
    child = undefined;
    if (dying === undefined) return;
    const gone = new Promise((resolve) => dying.once("exit", resolve));
    dying.kill("SIGKILL");
    await gone;
  };
  const start = async (): Promise<void> => {
    child = await launch(args);
  };
  try {
    await start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (process.env["CI"] === "true" || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    test.skip();
  }
  return {
    url: `unix:${path}`,
    tlsUrl: `rediss://localhost:${tlsPort}`,
    ask: (...words) => ask(path, words),
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    kill,
    start,
    async dispose() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function toTlsArgs({ certFile, keyFile, caFile }: NonNullable<RedisOptions["tls"]>): string[] {
  const files = ["--tls-cert-file", certFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", caFile];
  return [...files, "--tls-auth-clients", "no", "--bind", "127.0.0.1"];
}

function launch(args: readonly string[]): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}: ${text}`)));
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (/ready to accept connections/i.test(text)) resolve(child);
    });
  });
}

function ask(path: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("error", reject);
    socket.once("data", (answer) => {
      socket.destroy();
      resolve(answer.toString());
    });
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    socket.write(`*${words.length}\r\n${parts.join("")}`);
  });
}
