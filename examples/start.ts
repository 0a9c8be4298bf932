// OPEN FIRST: starts the example backends, each service of the shop on its own port, the realtime services and the demo's pages on one.
import { createCatalog } from "./catalog.ts";
import { createPages } from "./demo-pages.ts";
import { createOrders } from "./orders.ts";
import { createPayments } from "./payments.ts";
import { createChat } from "./realtime-chat.ts";
import { createTicker } from "./realtime-ticker.ts";
import { createUpload } from "./realtime-upload.ts";
import { serve } from "./serve.ts";
import type { Backend } from "./serve.ts";
import { createShop } from "./shop-seed.ts";
import { createUsers } from "./users.ts";

export interface ExamplesOptions {
  /** First of five ports in a row; 0 takes any free ones. Default 50051, as examples/sluice.yaml has it. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

export interface Examples {
  /** Service → `host:port`, for `--upstream` and for `upstreams:` in sluice.yaml. */
  readonly targets: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

/** All of them or none: when one port is taken the others are freed again, and the error says which it was. */
export async function startExamples(options: ExamplesOptions = {}): Promise<Examples> {
  const { port = 50051, host = "127.0.0.1" } = options;
  const shop = createShop();
  const groups = [
    [createCatalog(shop)],
    [createUsers(shop)],
    [createOrders(shop)],
    [createPayments(shop)],
    [createTicker(), createChat(), createUpload(), createPages()],
  ];
  const backends: Backend[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(backends.map((backend) => backend.close()));
  };
  try {
    for (const [index, sources] of groups.entries()) {
      backends.push(await serve(sources, port === 0 ? 0 : port + index, host));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const targets = backends.flatMap(({ services, port: bound }) =>
    services.map((service) => [service, `${host}:${bound}`] as const),
  );
  return { targets: new Map(targets), close };
}
