// Where the gateway is, for WebSocket and for fetch, from what the application wrote.
export interface GatewayAddress {
  readonly webSocket: string;
  /** Without a slash at the end. */
  readonly http: string;
}

/** `https://api.example`, `wss://api.example/-/stream`, `/`, with or without a prefix before the paths. Throws TypeError. */
export function toAddress(url: string): GatewayAddress {
  // Not `href`: that of a worker made of a blob is no base.
  const page = (globalThis as { location?: { origin: string } }).location?.origin;
  const { protocol, host, pathname } = new URL(url, page);
  const scheme = /^(?:http|ws)(s?):$/.exec(protocol);
  if (scheme === null) throw new TypeError(`connect("${url}"): a URL with http, https, ws or wss is expected`);
  const prefix = pathname.replace(/\/-\/stream$/, "").replace(/\/+$/, "");
  return { webSocket: `ws${scheme[1]}://${host}${prefix}/-/stream`, http: `http${scheme[1]}://${host}${prefix}` };
}
