// The ways to say who one is that rest on a file of credentials: read at start, read again when it changes, and what it says no more is ended.
import type { Authenticator } from "./chain/authenticate/authenticator.ts";
import { createApiKeys } from "./chain/authenticate/api-keys.ts";
import { createBasic } from "./chain/authenticate/basic.ts";
import type { AuthConfig } from "./config/config.ts";
import { readCredentialsAside } from "./config/credentials-aside.ts";
import { readCredentials } from "./config/credentials-file.ts";
import type { Credentials } from "./credentials/credentials.ts";
import { DiagnosticError, formatDiagnostic } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { Code, GatewayError } from "./status.ts";
import { WatchedFile } from "./watched-file.ts";

export interface FileAuthenticatorsOptions {
  readonly realm: string;
  /** Ends what is open for a principal. */
  readonly revoke: (principal: string) => void;
  /** That a file could not be read again: what was read before holds on. */
  readonly report: (error: GatewayError) => void;
  readonly intervalMs?: number;
}

/** Throws DiagnosticError for files that cannot be used. */
export function createFileAuthenticators(
  { apiKeys, basic }: Pick<AuthConfig, "apiKeys" | "basic">,
  options: FileAuthenticatorsOptions,
): Authenticator[] {
  const { realm } = options;
  const authenticators: Authenticator[] = [];
  if (apiKeys !== undefined) {
    const { file, header, query } = apiKeys;
    const watched = new WatchedFile(file, options.intervalMs);
    const keys = createApiKeys({ header, query, realm, keys: readAtStart(file).keys });
    authenticators.push({ ...keys, ...follow(watched, file, options, (read) => keys.replace(read.keys)) });
  }
  if (basic !== undefined) {
    const { file } = basic;
    const watched = new WatchedFile(file, options.intervalMs);
    const users = createBasic({ realm, users: readAtStart(file).users });
    authenticators.push({ ...users, ...follow(watched, file, options, (read) => users.replace(read.users)) });
  }
  return authenticators;
}

function readAtStart(file: string): Credentials {
  const diagnostics: Diagnostic[] = [];
  const read = readCredentials(file, (diagnostic) => diagnostics.push(diagnostic));
  if (read === undefined) throw new DiagnosticError(diagnostics);
  return read;
}

/** `replace` answers whose credentials hold no more. */
function follow(
  watched: WatchedFile,
  file: string,
  { revoke, report }: FileAuthenticatorsOptions,
  replace: (read: Credentials) => readonly string[],
): Pick<Authenticator, "start" | "close"> {
  let isClosed = false;
  // One after the other: what was written last is to be what holds.
  let reading: Promise<void> = Promise.resolve();
  const keep = (problem: string): void =>
    report(
      new GatewayError(Code.INTERNAL, `${problem}; the credentials that were read before hold on`, {
        reason: "CREDENTIALS_FILE",
      }),
    );
  const readAgain = async (): Promise<void> => {
    try {
      const { credentials, diagnostics } = await readCredentialsAside(file);
      if (isClosed) return;
      if (credentials === undefined) keep(diagnostics.map(formatDiagnostic).join("\n"));
      else for (const principal of replace(credentials)) revoke(principal);
    } catch (error) {
      if (!isClosed) keep(`${file}: ${error instanceof Error ? error.message : "cannot be read"}`);
    }
  };
  return {
    start: () =>
      watched.start({
        onChange: () => void (reading = reading.then(readAgain)),
        onGone: () => keep(`${file}: no such file`),
      }),
    close() {
      isClosed = true;
      watched.close();
    },
  };
}
