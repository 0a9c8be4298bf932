// Settings that are each valid and contradict one another.
import { formatAddress } from "./address.ts";
import type { Config } from "./config.ts";
import { layerError } from "./layer.ts";
import type { Layer } from "./layer.ts";
import { formatDuration, formatSize } from "./quantity.ts";
import { checkGuard } from "./resolve-guard.ts";
import type { KeyPath, Report } from "./yaml-source.ts";

type FindOrigin = (path: KeyPath) => Layer | undefined;

/** Reports at the setting that was chosen; two defaults never disagree. */
export function checkAgreement(config: Config, originOf: FindOrigin, report: Report): void {
  const { server, timeouts, listen, admin, cache } = config;
  const refuse = (path: KeyPath, other: KeyPath, message: string, hint?: string): void => {
    const chosen = originOf(path) === undefined ? other : path;
    const origin = originOf(chosen);
    if (origin !== undefined) report(layerError(origin, chosen, message, hint));
  };
  if (timeouts.defaultMs > timeouts.maxMs) {
    refuse(
      ["timeouts", "default"],
      ["timeouts", "max"],
      `the default deadline ${formatDuration(timeouts.defaultMs)} is longer than the longest allowed, ${formatDuration(timeouts.maxMs)}`,
    );
  }
  if (server.headersTimeoutMs > server.requestTimeoutMs) {
    refuse(
      ["server", "headers_timeout"],
      ["server", "request_timeout"],
      `headers_timeout ${formatDuration(server.headersTimeoutMs)} is longer than request_timeout ${formatDuration(server.requestTimeoutMs)}`,
    );
  }
  if (admin !== undefined && admin.port !== 0 && formatAddress(admin) === formatAddress(listen)) {
    refuse(["admin"], ["listen"], `${formatAddress(admin)} is both where clients connect and the admin address`);
  }
  if (config.reflect && config.upstreams[0]?.service !== undefined) {
    refuse(["reflect"], ["upstreams"], "reflection asks the default upstream, and there is none");
  }
  if (cache.maxEntryBytes > cache.maxBytes && originOf(["cache", "max_entry"]) !== undefined) {
    refuse(
      ["cache", "max_entry"],
      ["cache", "max_bytes"],
      `one answer of ${formatSize(cache.maxEntryBytes)} does not fit into max_bytes ${formatSize(cache.maxBytes)}`,
    );
  }
  if (cache.store === "redis" && config.redis === undefined) {
    refuse(
      ["cache", "store"],
      ["redis"],
      "answers are to be kept in Redis, and nothing says where that is",
      "add redis: { url: redis://HOST:6379 }, or take store out",
    );
  }
  checkGuard(config, refuse);
}
