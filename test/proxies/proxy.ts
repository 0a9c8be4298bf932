// nginx and haproxy in front of a gateway, started by hand on loopback with the settings people use.
import { spawnSync } from "node:child_process";
import { createFolder } from "../config/yaml-fixture.ts";
import type { Endpoint } from "../support/raw-http.ts";
import { freePort } from "../support/free-port.ts";
import { startProgram, untilListening } from "./process.ts";
import type { Program } from "./process.ts";

export interface Proxy extends Endpoint {
  readonly program: Program;
  /** Another front door that believes no X-Accel-Buffering; nginx only. */
  readonly bufferingPort: number | undefined;
  close(): Promise<void>;
}

export type StartProxy = (gateway: Endpoint) => Promise<Proxy>;

/** Debian's nginx lives where only root looks. */
const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
const env = { ...process.env, PATH: path };

export function hasProgram(command: string): boolean {
  return spawnSync(command, ["-v"], { env }).error === undefined;
}

/** All timeouts are nginx's own: 60 seconds. */
function nginxConfig(folder: string, { host, port }: Endpoint, [listen, buffering]: readonly number[]): string {
  const location = `
      proxy_pass http://${host}:${port};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_request_buffering off;`;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${folder}/${name};`)
    .join("\n");
  return `
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off;
${temporary}
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:${listen};
    location / {${location}
    }
  }
  server {
    listen 127.0.0.1:${buffering};
    location / {${location}
      proxy_ignore_headers X-Accel-Buffering;
    }
  }
}
`;
}

export const startNginx: StartProxy = async (gateway) => {
  const folder = createFolder();
  const port = await freePort(2);
  const bufferingPort = port + 1;
  const config = folder.write("nginx.conf", nginxConfig(folder.path, gateway, [port, bufferingPort]));
  const program = startProgram("nginx", ["-e", "stderr", "-p", folder.path, "-c", config], env);
  return finish(program, { folder, port, bufferingPort });
};

/** `hard-stop-after`: what a reload leaves behind does not stay for ever. */
function haproxyConfig({ host, port }: Endpoint, listen: number): string {
  return `
global
  hard-stop-after 1s
defaults
  mode http
  # Without it small messages wait up to 200 ms for more.
  option http-no-delay
  # Without it the end of a client is seen only when something is sent to it.
  option abortonclose
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend streams
  bind 127.0.0.1:${listen}
  default_backend gateway
backend gateway
  server gateway ${host}:${port}
`;
}

/** As master and worker, so that SIGUSR2 reloads it. */
export const startHaproxy: StartProxy = async (gateway) => {
  const folder = createFolder();
  const port = await freePort();
  const config = folder.write("haproxy.cfg", haproxyConfig(gateway, port));
  const program = startProgram("haproxy", ["-W", "-db", "-f", config], env);
  return finish(program, { folder, port, bufferingPort: undefined });
};

interface Started {
  readonly folder: ReturnType<typeof createFolder>;
  readonly port: number;
  readonly bufferingPort: number | undefined;
}

async function finish(program: Program, { folder, port, bufferingPort }: Started): Promise<Proxy> {
  await untilListening(port, program);
  return {
    host: "127.0.0.1",
    port,
    bufferingPort,
    program,
    async close() {
      program.signal("SIGTERM");
      await program.exited;
      folder.dispose();
    },
  };
}
