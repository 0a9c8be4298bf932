// The settings of what guards every request by HTTP itself, as the YAML file spells them, and their defaults: cors, access, bans, request_id.

export interface AccessRuleSettings {
  methods: string[];
  allow?: string[];
  deny?: string[];
}

export interface GuardSettings {
  readonly cors: {
    origins: string[];
    credentials: boolean;
    headers: string[];
    expose: string[];
    max_age: string;
    private_network: boolean;
  };
  readonly access: {
    allow: string[];
    deny: string[];
    on_deny: "answer" | "close";
    rules: AccessRuleSettings[];
  };
  readonly bans: {
    enabled: boolean;
    threshold: number;
    window: string;
    duration: string;
    max_duration: string;
    weights: Partial<BanWeightSettings>;
    exempt: string[];
    max_entries: number;
  };
  readonly request_id: {
    enabled: boolean;
    header: string;
    accept: "never" | "proxies" | "always";
    forward: boolean;
  };
}

/** Points of each kind of refusal; 0 leaves it uncounted. */
export interface BanWeightSettings {
  unauthenticated: number;
  permission_denied: number;
  not_found: number;
  rate_limited: number;
  malformed: number;
}

/** What a layer may hold of it. */
export type GuardLayer = { readonly [K in keyof GuardSettings]?: Partial<GuardSettings[K]> };

export const defaultBanWeights: Readonly<BanWeightSettings> = Object.freeze({
  unauthenticated: 5,
  permission_denied: 2,
  not_found: 1,
  rate_limited: 1,
  malformed: 5,
});

export const guardSettings: GuardSettings = {
  cors: { origins: [], credentials: false, headers: [], expose: [], max_age: "10m", private_network: false },
  access: { allow: [], deny: [], on_deny: "answer", rules: [] },
  bans: {
    enabled: false,
    threshold: 100,
    window: "1m",
    duration: "5m",
    max_duration: "1h",
    weights: {},
    exempt: ["127.0.0.0/8", "::1/128"],
    max_entries: 100_000,
  },
  request_id: { enabled: false, header: "x-request-id", accept: "proxies", forward: true },
};
