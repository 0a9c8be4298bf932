// The admin listener: health, readiness, routes, configuration, metrics. Read-only, for loopback; clients of the API never reach it.
import { createServer } from "node:http";
import { isIP } from "node:net";
import type { AddressInfo } from "node:net";
import express from "express";
import type { NextFunction, Request, Response } from "express";
import { isLoopback } from "../config/address.ts";
import type { Address } from "../config/config.ts";
import type { MetricsFormat } from "../exposition.ts";
import { chooseFormat, contentTypes } from "./metrics-format.ts";

export interface Readiness {
  readonly ready: boolean;
  /** Why not; empty when ready. */
  readonly reasons: readonly string[];
}

export interface AdminOptions {
  readonly address: Address;
  /** What GET /routes answers; asked per request, for routes change with a reload. */
  readonly routes: () => unknown;
  /** What GET /config answers: without secrets (see redactConfig). */
  readonly config: () => unknown;
  /** What GET /openapi.json answers: an OpenAPI document. */
  readonly openApi: () => unknown;
  readonly readiness: () => Readiness | Promise<Readiness>;
  /** What GET /metrics answers. */
  readonly metrics: (format: MetricsFormat) => string | Promise<string>;
}

export const adminPaths = ["/healthz", "/readyz", "/routes", "/config", "/metrics", "/openapi.json"] as const;

export interface Admin {
  /** Rejects with the error of the socket, e.g. EADDRINUSE. */
  listen(): Promise<Address>;
  close(): Promise<void>;
}

export function createAdmin(options: AdminOptions): Admin {
  const server = createServer(
    {
      maxHeaderSize: 16 * 1024,
      headersTimeout: 10_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 1000,
    },
    createApp(options),
  );
  server.maxConnections = 64;
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        const { host, port } = options.address;
        server.once("error", reject);
        const isSocketFile = host.startsWith("unix:");
        const where = isSocketFile ? { path: host.slice("unix:".length) } : { port, ...(host === "" ? {} : { host }) };
        server.listen(where, () => {
          server.removeListener("error", reject);
          // Accepting can fail later (EMFILE): that connection is lost, the listener is not.
          server.on("error", () => {});
          resolve({ host, port: isSocketFile ? 0 : (server.address() as AddressInfo).port });
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createApp(options: AdminOptions): express.Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", false);
  app.set("case sensitive routing", true);
  app.set("strict routing", true);
  const isLocal = isLoopback(options.address.host);
  app.use((request: Request, response: Response, next: NextFunction) => {
    const refusal = refuse(request, isLocal);
    if (refusal === undefined) return next();
    if (refusal.status === 405) response.setHeader("Allow", "GET, HEAD");
    return send(response, refusal.status, { error: refusal.error });
  });
  app.get("/healthz", (_request, response) => send(response, 200, { status: "ok" }));
  app.get("/readyz", async (_request, response) => {
    const { ready, reasons } = await options.readiness();
    send(response, ready ? 200 : 503, { status: ready ? "ready" : "not ready", reasons });
  });
  app.get("/routes", (_request, response) => send(response, 200, options.routes()));
  app.get("/config", (_request, response) => send(response, 200, options.config()));
  app.get("/openapi.json", (_request, response) => send(response, 200, options.openApi()));
  app.get("/metrics", (request, response) => sendMetrics(chooseFormat(request.headers.accept), options, response));
  app.use((request: Request, response: Response) => {
    send(response, 404, { error: `${request.path} is not here`, paths: adminPaths });
  });
  // Four parameters are how Express knows an error handler.
  app.use((_error: unknown, _request: Request, response: Response, _next: NextFunction) =>
    send(response, 500, { error: "internal error" }),
  );
  return app;
}

/**
 * Reading only, and not for web pages: a page led here by DNS rebinding names a foreign host, a page's own request to
 * another site carries its origin.
 */
function refuse(request: Request, isLocal: boolean): { readonly status: number; readonly error: string } | undefined {
  if (request.method !== "GET" && request.method !== "HEAD")
    return { status: 405, error: "the admin listener is read-only" };
  if (request.headers.origin !== undefined) return { status: 403, error: "requests of web pages are refused" };
  const host = (request.headers.host ?? "").replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  if (isLocal && isIP(host) === 0 && !isLoopback(host)) return { status: 421, error: "this address is for localhost" };
  return undefined;
}

/** Nobody keeps it, guesses its type, shows it in a frame or gets anything else through it. */
function secure(response: Response): void {
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("X-Frame-Options", "DENY");
  response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  response.setHeader("Referrer-Policy", "no-referrer");
}

async function sendMetrics(
  format: MetricsFormat,
  { metrics }: Pick<AdminOptions, "metrics">,
  response: Response,
): Promise<void> {
  const text = await metrics(format);
  secure(response);
  response.setHeader("Content-Type", contentTypes[format]);
  response.status(200).send(text);
}

function send(response: Response, status: number, body: unknown): void {
  secure(response);
  response.status(status).json(body);
}
