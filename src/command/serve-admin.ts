// The admin listener of `sluice serve`.
import type { Address, Config } from "../config/config.ts";
import { createAdmin } from "../serve/admin.ts";
import type { Admin, AdminOptions } from "../serve/admin.ts";
import { createAdminPages } from "./admin-pages.ts";
import { describeListenError } from "./listen-error.ts";
import type { Project } from "./project.ts";

/** Text is why it could not start. */
export async function startAdmin(
  config: Config,
  project: Project,
  gateway: Pick<AdminOptions, "readiness" | "metrics">,
): Promise<{ listener: Admin; address: Address } | string | undefined> {
  const { admin } = config;
  if (admin === undefined) return undefined;
  const listener = createAdmin({
    address: admin,
    ...createAdminPages(project),
    readiness: () => gateway.readiness(),
    metrics: (format) => gateway.metrics(format),
  });
  try {
    return { listener, address: await listener.listen() };
  } catch (error) {
    return `admin: ${describeListenError(error, admin, "--admin")}`;
  }
}
