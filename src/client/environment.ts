// What the client needs of the place it runs in, a page or a program; tests bring their own.
import type { ConnectOptions, WebSocketConstructor } from "./contract.ts";

export interface Environment {
  readonly WebSocket: WebSocketConstructor | undefined;
  readonly fetch: typeof fetch | undefined;
  /** Milliseconds, steady. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** Returns what stops it. */
  after(ms: number, callback: () => void): () => void;
  /** False only where the browser says so. */
  isOnline(): boolean;
  /** The network is back, or the page runs or is looked at again; it is left, for good or not. Returns what unsubscribes. */
  onWake(listener: () => void, onLeave: () => void): () => void;
}

interface EventSource {
  addEventListener?(type: string, listener: () => void, until: { readonly signal: AbortSignal }): void;
}

interface Page extends EventSource {
  readonly WebSocket?: WebSocketConstructor;
  readonly navigator?: { readonly onLine?: boolean };
  readonly document?: EventSource & { readonly visibilityState?: string };
}

export function createEnvironment(options: ConnectOptions): Environment {
  const page: Page = globalThis;
  return {
    WebSocket: options.WebSocket ?? page.WebSocket,
    // A method of the window: called on anything else it throws.
    fetch: options.fetch === false ? undefined : (options.fetch ?? globalThis.fetch?.bind(globalThis)),
    now: () => performance.now(),
    random: () => Math.random(),
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    isOnline: () => page.navigator?.onLine !== false,
    onWake(listener, onLeave) {
      const { document } = page;
      const controller = new AbortController();
      const listen = (target: EventSource | undefined, type: string, then: () => void): void =>
        target?.addEventListener?.(type, then, controller);
      listen(page, "online", listener);
      listen(page, "pagehide", onLeave);
      // The browser had frozen the page.
      listen(document, "resume", listener);
      listen(document, "visibilitychange", () => {
        if (document?.visibilityState === "visible") listener();
      });
      return () => controller.abort();
    },
  };
}
