// TLS towards servers that the gateway calls.

/** PEM files by absolute path; `readTlsFiles` reads them. */
export interface TlsFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Name to verify instead of the host of the target. */
  readonly serverName: string | undefined;
}
