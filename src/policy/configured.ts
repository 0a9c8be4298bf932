// What the configuration says of methods.
import type { AuthConfig, LimitConfig, PolicyConfig } from "../config/config.ts";
import type { YamlHttpRule } from "../schema/bind/http-rule.ts";

export interface Configured {
  readonly auth: AuthConfig | undefined;
  readonly limits: readonly LimitConfig[];
  readonly policies: readonly PolicyConfig[];
  /** Routes that it adds. */
  readonly httpRules: readonly YamlHttpRule[];
}
